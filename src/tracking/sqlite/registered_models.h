#pragma once

#include <memory>

#include "tracking/sqlite/session.h"
#include "tracking/store.h"

namespace liquid::tracking::sqlite {

/// The session is borrowed.
std::unique_ptr<RegisteredModelStore> make_registered_model_store(Session& session);

}  // namespace liquid::tracking::sqlite
