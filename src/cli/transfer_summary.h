#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tracking/transfer/transfer.h"

namespace liquid::cli {

/// What transfers did: a table of runs and a line of counts for each experiment.
std::string summaries_text(const std::vector<tracking::TransferSummary>& summaries,
                           std::optional<std::size_t> columns);
/// {"experiments":[{…,"runs":[…]}]}
std::string summaries_json(const std::vector<tracking::TransferSummary>& summaries);

/// A line on stderr that says how far a transfer is; on a terminal only.
tracking::TransferObserver transfer_observer();
/// Ends that line.
void end_transfer_observer();

}  // namespace liquid::cli
