#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "kernels/team.h"
#include "lfm2/config.h"
#include "train/run_plan.h"
#include "train/settings.h"

namespace liquid::train {

/// Chooses the device, the number type and how frozen weights are stored. What is `automatic` is
/// measured for a fraction of a second, because no feature flag says whether bf16 is fast; `choice`
/// of the report says what was seen. LibTorch gets as many threads as the team has. `local_rank`
/// numbers the processes of this machine. Errors: invalid_argument (no such device, named with
/// those there are).
Result<MachineReport> choose_machine(const Settings& settings, const lfm2::Lfm2Config& model,
                                     kernels::Team& team, int local_rank);

}  // namespace liquid::train
