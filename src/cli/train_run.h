#pragma once

#include "cli/train_flags.h"

namespace liquid::cli {

/// `liquid train` without a sub-command: trains as the flags say. Returns the exit status: 0
/// finished (also early), 1 failed, 2 bad usage, 130 and 143 interrupted by SIGINT and SIGTERM with
/// a checkpoint written. A second signal ends the process at once.
int run_train(const TrainFlags& flags);

}  // namespace liquid::cli
