#include "train/trainer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <new>
#include <string>

#include "train/checkpoint.h"
#include "train/final_model.h"

namespace liquid::train {
namespace {

Error out_of_memory(const std::string& what) {
  return {ErrorCode::resource_exhausted,
          "out of memory (" + what +
              "); smaller pack-length or batch-size, gradient-checkpointing, weights bf16 or "
              "--qlora need less"};
}

// The training job is one of the four places that catch: LibTorch reports by exceptions.
Error caught(const std::exception& exception) {
  const std::string what = exception.what();
  const std::string first_line = what.substr(0, what.find('\n'));
  const bool memory = dynamic_cast<const std::bad_alloc*>(&exception) != nullptr ||
                      what.find("allocate memory") != std::string::npos ||
                      what.find("out of memory") != std::string::npos;
  return memory ? out_of_memory(first_line) : Error{ErrorCode::internal, first_line};
}

void add(StepReport& sum, const StepReport& step) {
  sum.loss += step.loss * static_cast<double>(step.trained_tokens);
  sum.trained_tokens += step.trained_tokens;
  sum.positions += step.positions;
  sum.seconds += step.seconds;
}

bool is_due(std::int64_t step, std::int64_t every) { return every > 0 && step % every == 0; }

}  // namespace

Trainer::Trainer(const TrainerParts& parts, Progress progress)
    : parts_(parts),
      settings_(parts.plan.settings),
      progress_(std::move(progress)),
      schedule_(settings_.schedule, learning_rate_of(settings_), parts.plan.total_steps),
      steps_(parts.trainee, parts.optimizer, parts.group, settings_.optimizer.max_grad_norm),
      started_(parts.clock.monotonic()),
      notes_(parts.plan.notes),
      saved_step_(progress_.step) {}

EndReport Trainer::run() {
  Result<void> done;
  try {
    done = train();
  } catch (const std::exception& exception) {
    done = caught(exception);
  }
  EndReport report{.reason = done ? reason_ : EndReason::failed,
                   .message = done ? std::string() : done.error().message,
                   .steps = progress_.step,
                   .seconds = progress_.seconds + seconds_now(),
                   .final_train_loss = progress_.train_loss,
                   .final_eval_loss = progress_.eval_loss};
  tell_end(report);
  return report;
}

Result<void> Trainer::train() {
  auto done = begin();
  while (done && !is_over()) done = advance();
  if (done && reason_ != EndReason::interrupted) done = finish();
  return done;
}

Result<void> Trainer::begin() {
  Requests none;
  if (auto agreed = agree(none); !agreed) return agreed;
  return tell([this](Callback& callback) {
    ++begun_;
    return callback.on_begin(parts_.plan);
  });
}

// One step and all that follows it.
Result<void> Trainer::advance() {
  auto report = make_step();
  if (!report) return std::move(report).error();
  Requests requests;
  auto done = tell([&](Callback& callback) { return callback.on_step(*report, requests); });
  if (done) done = log(*report);
  if (done) done = agree(requests);
  if (done && (requests.evaluate || is_due(progress_.step, settings_.loop.eval_steps))) {
    done = evaluate(requests);
    if (done) done = agree(requests);
  }
  if (done) done = end_epoch();
  if (done && (requests.save || requests.stop || reason_ == EndReason::interrupted)) done = save();
  if (requests.stop && reason_ == EndReason::finished) reason_ = EndReason::stopped_early;
  return done;
}

// What remains when all steps are made.
Result<void> Trainer::finish() {
  Requests requests;
  auto done = log_rest();
  if (done && progress_.eval_step != progress_.step) done = evaluate(requests);
  if (done) done = agree(requests);
  if (reason_ == EndReason::interrupted) return done ? save() : done;
  if (done) done = save();
  if (done) done = hand_over();
  return done;
}

Result<StepReport> Trainer::make_step() {
  if (progress_.step_in_epoch == 0 || epoch_plan_.empty()) {
    epoch_plan_ = plan_epoch(parts_.train, epoch_options(settings_), progress_.epoch);
  }
  const Monotonic began = parts_.clock.monotonic();
  const auto seed = static_cast<std::uint64_t>(settings_.loop.seed);
  const auto index = static_cast<std::uint64_t>(progress_.step);
  std::vector<lfm2::Batch> batches;
  for (const MicroBatch& members :
       epoch_plan_.at(static_cast<std::size_t>(progress_.step_in_epoch))) {
    batches.push_back(make_batch(parts_.train, members));
  }
  const double rate = schedule_.at(progress_.step);
  auto made = steps_.make(batches, {rate, mixed_seed(seed, index, 1)});
  if (!made) {
    return std::move(made).error().with_context("step " + std::to_string(progress_.step + 1));
  }
  ++progress_.step;
  ++progress_.step_in_epoch;
  progress_.trained_tokens += made->trained_tokens;
  progress_.positions += made->positions;
  const std::chrono::duration<double> took = parts_.clock.monotonic() - began;
  return StepReport{.step = progress_.step,
                    .epoch = epoch_now(),
                    .loss = made->loss,
                    .learning_rate = rate,
                    .gradient_norm = made->gradient_norm,
                    .trained_tokens = made->trained_tokens,
                    .positions = made->positions,
                    .seconds = took.count()};
}

Result<void> Trainer::log(const StepReport& report) {
  add(progress_.since_log, report);
  last_ = report;
  return is_due(report.step, settings_.loop.logging_steps) ? log_rest() : Result<void>();
}

// Everything since the last log.
Result<void> Trainer::log_rest() {
  if (progress_.since_log.positions == 0) return {};
  StepReport sum = last_;
  const StepReport& window = progress_.since_log;
  const auto tokens = static_cast<double>(std::max<std::int64_t>(window.trained_tokens, 1));
  sum.loss = window.loss / tokens;
  sum.trained_tokens = window.trained_tokens;
  sum.positions = window.positions;
  sum.seconds = window.seconds;
  progress_.since_log = {};
  progress_.train_loss = sum.loss;
  progress_.history.push_back({.epoch = sum.epoch,
                               .step = sum.step,
                               .values = {{"loss", sum.loss},
                                          {"grad_norm", sum.gradient_norm},
                                          {"learning_rate", sum.learning_rate}}});
  return tell([&](Callback& callback) { return callback.on_log(sum); });
}

Result<lfm2::Loss> Trainer::evaluation_loss() {
  std::array<double, 3> sums{};  // loss, tokens, failures
  Result<void> failure;
  std::int64_t index = 0;
  for (const StepPlan& step : plan_epoch(*parts_.eval, epoch_options(settings_), 0)) {
    for (const MicroBatch& members : step) {
      if (index++ % parts_.group.size() != parts_.group.rank() || !failure) continue;
      const auto loss = parts_.trainee.evaluate(make_batch(*parts_.eval, members));
      if (!loss) failure = loss.error();
      sums[0] += loss ? loss->sum : 0.0;
      sums[1] += loss ? static_cast<double>(loss->tokens) : 0.0;
      sums[2] += loss ? 0.0 : 1.0;
    }
  }
  if (auto shared = parts_.group.sum(sums); !shared) return std::move(shared).error();
  if (!failure) return std::move(failure).error().with_context("evaluation");
  if (sums[2] > 0) return Error{ErrorCode::unavailable, "another process of this job failed"};
  return lfm2::Loss{sums[0], static_cast<std::int64_t>(sums[1])};
}

Result<void> Trainer::evaluate(Requests& requests) {
  if (parts_.eval == nullptr) return {};
  const Monotonic began = parts_.clock.monotonic();
  const auto loss = evaluation_loss();
  if (!loss) return loss.error();
  EvalReport report;
  report.step = progress_.step;
  report.epoch = epoch_now();
  report.loss = loss->sum / static_cast<double>(std::max<std::int64_t>(loss->tokens, 1));
  report.perplexity = std::exp(report.loss);
  report.trained_tokens = loss->tokens;
  report.seconds = std::chrono::duration<double>(parts_.clock.monotonic() - began).count();
  if (parts_.sampler != nullptr && parts_.group.leads()) {
    auto samples = parts_.sampler->write();
    if (!samples) return std::move(samples).error().with_context("evaluation samples");
    report.samples = std::move(*samples);
  }
  progress_.eval_loss = report.loss;
  progress_.eval_step = report.step;
  if (!progress_.best || report.loss < progress_.best->loss) {
    progress_.best = {report.loss, report.step};
  }
  progress_.history.push_back(
      {.epoch = report.epoch, .step = report.step, .values = {{"eval_loss", report.loss}}});
  return tell([&](Callback& callback) { return callback.on_eval(report, requests); });
}

Result<void> Trainer::end_epoch() {
  if (progress_.step_in_epoch < static_cast<std::int64_t>(epoch_plan_.size())) return {};
  progress_.step_in_epoch = 0;
  ++progress_.epoch;
  return tell([this](Callback& callback) { return callback.on_epoch(progress_.epoch); });
}

// The processes of a job stop and save together, at what any of them was asked.
Result<void> Trainer::agree(Requests& requests) {
  std::array<double, 4> asked{requests.stop ? 1.0 : 0.0, requests.save ? 1.0 : 0.0,
                              requests.evaluate ? 1.0 : 0.0, parts_.interrupted ? 1.0 : 0.0};
  if (auto shared = parts_.group.sum(asked); !shared) return shared;
  requests = {.stop = asked[0] > 0, .save = asked[1] > 0, .evaluate = asked[2] > 0};
  if (asked[3] > 0) reason_ = EndReason::interrupted;
  return {};
}

Result<void> Trainer::save() {
  if (saved_step_ == progress_.step) return {};
  saved_step_ = progress_.step;
  if (!parts_.group.leads()) return {};
  auto done = tell([this](Callback& callback) {
    callback.on_checkpoint(notes_);
    return Result<void>();
  });
  if (!done) return done;
  Progress progress = progress_;
  progress.seconds += seconds_now();
  const auto folder =
      write_checkpoint(parts_.plan.output_dir, {parts_.plan, parts_.optimizer, progress, notes_});
  if (!folder) return Error(folder.error()).with_context("checkpoint");
  const SaveReport report{progress_.step, *folder};
  return tell([&](Callback& callback) { return callback.on_save(report); });
}

Result<void> Trainer::hand_over() {
  TrainedWeights weights{progress_.step, progress_.eval_loss};
  auto done = tell([&](Callback& callback) { return callback.on_trained(weights); });
  if (!done || !parts_.group.leads()) return done;
  progress_.eval_loss = weights.eval_loss;
  const auto folder = write_final_model(parts_.plan, parts_.trainee.parameters());
  if (!folder) return Error(folder.error()).with_context("final model");
  const FinalModelReport report{*folder, weights.step};
  return tell([&](Callback& callback) { return callback.on_final_model(report); });
}

Result<void> Trainer::tell(const std::function<Result<void>(Callback&)>& event) {
  for (Callback* callback : parts_.callbacks) {
    if (auto done = event(*callback); !done) return done;
  }
  return {};
}

void Trainer::tell_end(const EndReport& report) {
  for (std::size_t i = 0; i < begun_; ++i) parts_.callbacks[i]->on_end(report);
}

bool Trainer::is_over() const {
  return reason_ != EndReason::finished || progress_.step >= parts_.plan.total_steps;
}

double Trainer::epoch_now() const {
  const auto steps = static_cast<double>(std::max<std::int64_t>(parts_.plan.steps_per_epoch, 1));
  return static_cast<double>(progress_.epoch) +
         static_cast<double>(progress_.step_in_epoch) / steps;
}

double Trainer::seconds_now() const {
  return std::chrono::duration<double>(parts_.clock.monotonic() - started_).count();
}

}  // namespace liquid::train
