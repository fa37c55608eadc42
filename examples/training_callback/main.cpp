// A training with a callback of one's own: it stops when the loss is low enough.

#include <atomic>
#include <iostream>

#include "train/job.h"

namespace {

class StopAtLoss final : public liquid::train::Callback {
 public:
  explicit StopAtLoss(double enough) : enough_(enough) {}

  liquid::Result<void> on_step(const liquid::train::StepReport& report,
                               liquid::train::Requests& requests) override {
    std::cout << "step " << report.step << ": loss " << report.loss << "\n";
    requests.stop = report.loss <= enough_;
    return {};
  }

 private:
  double enough_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: training_callback MODEL DATA OUTPUT\n";
    return 2;
  }
  liquid::train::Settings settings;
  settings.model.model = argv[1];
  settings.data.data = argv[2];
  settings.output.output_dir = argv[3];
  settings.schedule.warmup_steps = 0;

  StopAtLoss stop(1.0);
  liquid::train::Callback* const callbacks[] = {&stop};
  const liquid::SystemClock clock;
  const std::atomic<bool> interrupted{false};
  const auto report = liquid::train::run_training(
      settings, {.clock = clock, .interrupted = interrupted, .callbacks = callbacks, .say = {}});
  if (!report) {
    std::cerr << report.error().message << "\n";
    return 1;
  }
  std::cout << report->steps << " steps, " << settings.output.output_dir << "/final_model\n";
  return report->reason == liquid::train::EndReason::failed ? 1 : 0;
}
