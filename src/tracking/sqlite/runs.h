#pragma once

#include <memory>

#include "tracking/settings.h"
#include "tracking/sqlite/session.h"
#include "tracking/store.h"

namespace liquid::tracking::sqlite {

/// The session is borrowed. Of the settings it keeps what long values become.
std::unique_ptr<RunStore> make_run_store(Session& session, const Settings& settings);

}  // namespace liquid::tracking::sqlite
