#pragma once

#include <cstdint>

#include "train/run_plan.h"

namespace liquid::train {

/// Floating point operations of the matrix products that a step executes (a multiply-add is two):
/// the layers on all positions, the head on trained tokens only, backward passes, adapters, what
/// gradient checkpointing computes twice. Attention's own products are left out.
double step_flops(const RunPlan& plan, std::int64_t positions, std::int64_t trained_tokens);

}  // namespace liquid::train
