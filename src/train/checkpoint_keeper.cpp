#include "train/checkpoint_keeper.h"

#include <algorithm>
#include <cstdlib>

#include "train/checkpoint.h"
#include "train/exact_number.h"
#include "train/run_plan.h"
#include "train/tensor_files.h"

namespace liquid::train {
namespace {

constexpr const char* kBestLoss = "checkpoints.best_loss";
constexpr const char* kBestStep = "checkpoints.best_step";
constexpr const char* kBestFolder = "checkpoints.best_folder";

}  // namespace

Result<void> CheckpointKeeper::on_begin(const RunPlan& plan) {
  output_dir_ = plan.output_dir;
  const auto loss = plan.notes.find(kBestLoss);
  const auto step = plan.notes.find(kBestStep);
  if (loss != plan.notes.end() && step != plan.notes.end()) {
    best_ = {exact_number(loss->second).value_or(0),
             std::strtoll(step->second.c_str(), nullptr, 10)};
    const auto folder = plan.notes.find(kBestFolder);
    if (folder != plan.notes.end()) best_folder_ = folder->second;
  }
  return {};
}

Result<void> CheckpointKeeper::on_step(const StepReport& report, Requests& requests) {
  if (policy_.save_steps > 0 && report.step % policy_.save_steps == 0) requests.save = true;
  return {};
}

Result<void> CheckpointKeeper::on_eval(const EvalReport& report, Requests& requests) {
  if (policy_.at_end != Policy::AtEnd::best_weights) return {};
  if (best_ && report.loss >= best_->loss) return {};
  best_ = {report.loss, report.step};
  best_folder_ = output_dir_ / ("checkpoint-" + std::to_string(report.step));
  requests.save = true;
  return {};
}

void CheckpointKeeper::on_checkpoint(Notes& notes) {
  if (!best_) return;
  notes[kBestLoss] = exact_text(best_->loss);
  notes[kBestStep] = std::to_string(best_->step);
  notes[kBestFolder] = best_folder_.string();
}

Result<void> CheckpointKeeper::on_save(const SaveReport& report) {
  if (policy_.keep == 0) return {};
  std::vector<CheckpointFolder> old = list_checkpoints(output_dir_);
  // Newer ones are leftovers of a run that went further before this one took up an older
  // checkpoint.
  std::erase_if(old, [&](const CheckpointFolder& folder) {
    return folder.step >= report.step || (best_ && folder.path == best_folder_);
  });
  const auto room = static_cast<std::size_t>(policy_.keep - 1);
  for (std::size_t i = 0; i + room < old.size(); ++i) {
    if (auto removed = remove_checkpoint(old[i].path); !removed) return removed;
  }
  return {};
}

Result<void> CheckpointKeeper::on_trained(TrainedWeights& weights) {
  if (policy_.at_end != Policy::AtEnd::best_weights || !best_) return {};
  if (best_->step != weights.step) {
    auto restored = read_trained(best_folder_, optimizer_.parameters());
    if (!restored) return std::move(restored).error().with_context("best checkpoint");
  }
  weights = {best_->step, best_->loss};
  return {};
}

}  // namespace liquid::train
