#include "cli/train_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/terminal.h"
#include "train/flops.h"
#include "train/memory_use.h"

namespace liquid::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};

std::string data_text(const char* name, const train::DatasetUse& data) {
  const train::DatasetProfile& profile = data.profile;
  return fmt::format("{:<9}{}: {} samples, {} tokens, {} trained, the longest {}\n", name,
                     data.source, profile.samples, profile.counts.tokens,
                     profile.counts.trained_tokens, profile.lengths.longest);
}

const char* method_name(train::Method method) {
  switch (method) {
    case train::Method::lora: return "LoRA";
    case train::Method::qlora: return "QLoRA";
    case train::Method::full: return "all weights";
  }
  return "";
}

std::string end_text(const train::EndReport& report) {
  const std::string after =
      fmt::format(" after {} steps, {}", report.steps, readable_seconds(report.seconds));
  switch (report.reason) {
    case train::EndReason::finished: return "finished" + after;
    case train::EndReason::stopped_early: return "stopped early" + after;
    case train::EndReason::interrupted: return "interrupted" + after + "; --resume goes on";
    case train::EndReason::failed: return "failed" + after;
  }
  return after;
}

class TrainView final : public train::Callback {
 public:
  TrainView(std::FILE* stream, const Clock& clock)
      : stream_(stream), clock_(clock), is_live_(terminal_columns(::fileno(stream)).has_value()) {}

  Result<void> on_begin(const train::RunPlan& plan) override {
    plan_ = &plan;
    began_ = clock_.monotonic();
    tell(plan_text(plan));
    return {};
  }

  Result<void> on_step(const train::StepReport& report, train::Requests&) override {
    const Monotonic now = clock_.monotonic();
    if (!is_live_ || now - drawn_ < kRedraw) return {};
    drawn_ = now;
    const std::size_t columns = terminal_columns(::fileno(stream_)).value_or(80);
    const std::string text = to_text(line_of(report));
    fmt::print(stream_, "\r{}\x1b[K", text.substr(0, columns > 0 ? columns - 1 : 0));
    std::fflush(stream_);
    visible_ = true;
    return {};
  }

  Result<void> on_log(const train::StepReport& report) override {
    if (!is_live_) tell(to_text(line_of(report)) + "\n");
    return {};
  }

  Result<void> on_eval(const train::EvalReport& report, train::Requests&) override {
    tell(fmt::format("step {}: eval loss {:.4f}, perplexity {:.4g}, {} tokens in {}\n", report.step,
                     report.loss, report.perplexity, report.trained_tokens,
                     readable_seconds(report.seconds)));
    return {};
  }

  Result<void> on_save(const train::SaveReport& report) override {
    tell(fmt::format("step {}: saved {}\n", report.step, report.folder.string()));
    return {};
  }

  Result<void> on_final_model(const train::FinalModelReport& report) override {
    tell(fmt::format("model (weights of step {}): {}\n", report.step, report.folder.string()));
    return {};
  }

  void on_end(const train::EndReport& report) override {
    std::string text = end_text(report);
    if (report.final_train_loss)
      text += fmt::format("; train loss {:.4f}", *report.final_train_loss);
    if (report.final_eval_loss) text += fmt::format("; eval loss {:.4f}", *report.final_eval_loss);
    tell(text + "\n");
  }

 private:
  TrainLine line_of(const train::StepReport& report) const {
    const double seconds = std::max(report.seconds, 1e-9);
    TrainLine line{.step = report.step,
                   .total_steps = plan_->total_steps,
                   .epoch = report.epoch,
                   .loss = report.loss,
                   .learning_rate = report.learning_rate,
                   .tokens_per_second = static_cast<double>(report.trained_tokens) / seconds,
                   .share_of_peak = {},
                   .memory_bytes = memory(),
                   .seconds_left = {}};
    if (plan_->machine.peak_flops > 0) {
      const double flops = train::step_flops(*plan_, report.positions, report.trained_tokens);
      line.share_of_peak = flops / seconds / plan_->machine.peak_flops;
    }
    const auto made = static_cast<double>(report.step - plan_->first_step);
    const std::chrono::duration<double> spent = clock_.monotonic() - began_;
    const auto left = static_cast<double>(plan_->total_steps - report.step);
    if (left > 0 && made > 0) line.seconds_left = spent.count() / made * left;
    return line;
  }

  // The accelerator's when there is one: that is the one that runs out.
  double memory() const {
    const train::MemoryUse use = train::memory_use(plan_->machine.device);
    return static_cast<double>(use.device ? use.device->allocated : use.resident);
  }

  void tell(const std::string& text) {
    if (visible_) fmt::print(stream_, "\r\x1b[K");
    visible_ = false;
    fmt::print(stream_, "{}", text);
    std::fflush(stream_);
  }

  std::FILE* stream_;
  const Clock& clock_;
  const bool is_live_;
  const train::RunPlan* plan_ = nullptr;
  Monotonic began_{};
  Monotonic drawn_{};
  bool visible_ = false;
};

}  // namespace

std::string to_text(const TrainLine& line) {
  std::string text = fmt::format("step {}/{}  epoch {:.2f}  loss {:.4f}  lr {:.2e}  {:.0f} tok/s",
                                 line.step, line.total_steps, line.epoch, line.loss,
                                 line.learning_rate, line.tokens_per_second);
  if (line.share_of_peak) text += fmt::format("  {:.0f} % of peak", *line.share_of_peak * 100);
  text += "  " + readable_bytes(line.memory_bytes);
  if (line.seconds_left) text += "  " + readable_seconds(*line.seconds_left) + " left";
  return text;
}

std::string plan_text(const train::RunPlan& plan) {
  const train::LoopSettings& loop = plan.settings.loop;
  const double share = 100.0 * static_cast<double>(plan.trained_parameters) /
                       static_cast<double>(std::max<std::uint64_t>(plan.parameters.total(), 1));
  std::string text = fmt::format("{:<9}{}, {} parameters\n", "model", plan.model_folder.string(),
                                 plan.parameters.total());
  text += fmt::format("{:<9}{}: {} parameters trained, {:.3g} %\n", "method",
                      method_name(plan.settings.model.method), plan.trained_parameters, share);
  text += data_text("data", plan.train);
  if (plan.eval) text += data_text("held out", *plan.eval);
  text += fmt::format("{:<9}{} of {} samples each ({} x {}), {} an epoch, warm-up {}\n", "steps",
                      plan.total_steps, loop.batch_size * loop.accumulation, loop.batch_size,
                      loop.accumulation, plan.steps_per_epoch, plan.warmup_steps);
  text += fmt::format("{:<9}{}, {} threads, products in {}, frozen weights in {}\n", "machine",
                      plan.machine.device, plan.machine.threads, plan.machine.number_type,
                      plan.machine.storage);
  text += fmt::format("{:<9}{}\n", "output", plan.output_dir.string());
  if (plan.targets) text += "\n" + lfm2::to_text(*plan.targets) + "\n";
  return text;
}

std::unique_ptr<train::Callback> make_train_view(std::FILE* stream, const Clock& clock) {
  return std::make_unique<TrainView>(stream, clock);
}

}  // namespace liquid::cli
