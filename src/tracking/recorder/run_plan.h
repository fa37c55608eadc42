#pragma once

#include "base/clock.h"
#include "tracking/recorder/journal_documents.h"
#include "tracking/recorder/recorder.h"

namespace liquid::tracking::recorder {

/// What `options` and this process's surroundings make of a run.
RunPlan make_run_plan(const RecorderOptions& options, const Clock& clock);

/// `sqlite:///runs.db` with the working folder filled in, because a recovery may run in another.
/// Every other URI as it is.
std::string absolute_tracking_uri(const std::string& uri, const std::string& working_folder);

}  // namespace liquid::tracking::recorder
