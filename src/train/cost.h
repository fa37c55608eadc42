#pragma once

#include "train/data/dataset.h"
#include "train/data/inspect.h"
#include "train/planning.h"
#include "train/run_plan.h"
#include "train/settings.h"

namespace liquid::train {

/// What training would need: bytes from the shapes, time from the measured speed of products.
/// An estimate: good to about a quarter.
CostEstimate estimate_cost(const Settings& settings, const ModelPlan& model,
                           const MachineReport& machine, const Dataset& dataset);

}  // namespace liquid::train
