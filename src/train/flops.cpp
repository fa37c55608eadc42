#include "train/flops.h"

namespace liquid::train {

// A product of a weight with n numbers costs 2n a token: once forward, once for the gradient of its
// input, once for its own gradient if it is trained.
double step_flops(const RunPlan& plan, std::int64_t positions, std::int64_t trained_tokens) {
  const bool whole = !plan.lora;
  const auto layers = static_cast<double>(plan.parameters.linear);
  const auto head = static_cast<double>(plan.model.vocab_size * plan.model.hidden_size);
  const double adapter = whole ? 0.0 : 6.0 * static_cast<double>(plan.trained_parameters);
  const double again = plan.settings.machine.gradient_checkpointing ? 2.0 * layers : 0.0;
  const double passes = whole ? 6.0 : 4.0;
  return static_cast<double>(positions) * (passes * layers + adapter + again) +
         static_cast<double>(trained_tokens) * passes * head;
}

}  // namespace liquid::train
