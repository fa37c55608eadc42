#include "train/early_stopping.h"

#include <cstdlib>

#include "train/exact_number.h"
#include "train/run_plan.h"

namespace liquid::train {
namespace {

constexpr const char* kBest = "early_stopping.best";
constexpr const char* kInVain = "early_stopping.in_vain";

}  // namespace

Result<void> EarlyStopping::on_begin(const RunPlan& plan) {
  const auto best = plan.notes.find(kBest);
  const auto in_vain = plan.notes.find(kInVain);
  if (best != plan.notes.end()) best_ = exact_number(best->second);
  if (in_vain != plan.notes.end()) in_vain_ = std::strtoll(in_vain->second.c_str(), nullptr, 10);
  return {};
}

Result<void> EarlyStopping::on_eval(const EvalReport& report, Requests& requests) {
  if (!best_ || report.loss < *best_ - threshold_) {
    best_ = report.loss;
    in_vain_ = 0;
  } else if (++in_vain_ >= patience_) {
    requests.stop = true;
  }
  return {};
}

void EarlyStopping::on_checkpoint(Notes& notes) {
  if (best_) notes[kBest] = exact_text(*best_);
  notes[kInVain] = std::to_string(in_vain_);
}

}  // namespace liquid::train
