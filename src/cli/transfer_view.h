#pragma once

#include <cstdint>

#include "tracking/artifacts/artifact_store.h"

namespace liquid::cli {

/// A line on stderr that says how much of a transfer is done; on a terminal only.
tracking::TransferProgress transfer_progress();
/// Ends that line.
void end_transfer_progress();

}  // namespace liquid::cli
