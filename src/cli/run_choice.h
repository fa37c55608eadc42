#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/tracking_client.h"
#include "tracking/store.h"

namespace liquid::cli {

/// The run that `text` names: its whole id, or the beginning of it (four characters or more, as a
/// narrow table shows it, also with the "…" behind) when only one run of the store begins so.
/// Errors: not_found, invalid_argument (several begin so: names them).
Result<tracking::Run> find_run(tracking::Store& store, std::string_view text);

/// The experiments of the choice; all active ones when nothing was chosen.
Result<std::vector<tracking::ExperimentId>> chosen_experiments(TrackingClient& client,
                                                               const ExperimentChoice& choice);

}  // namespace liquid::cli
