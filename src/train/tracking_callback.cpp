#include "train/tracking_callback.h"

#include <boost/json.hpp>
#include <utility>

#include "tracking/client/open_store.h"
#include "tracking/models/log_model.h"
#include "tracking/models/model_folder.h"
#include "train/memory_use.h"

namespace liquid::train {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kRunNote = "mlflow.run_id";
constexpr const char* kParametersNote = "mlflow.parameters";
constexpr const char* kModelName = "final_model";
constexpr std::chrono::seconds kRunIdPatience{5};
constexpr double kMegabyte = 1e6;

/// Everything the run depends on, in the order of the help text.
NamedTexts parameters_of(const RunPlan& plan) {
  NamedTexts all = describe(plan.settings);
  const auto add = [&all](const char* name, std::string value) {
    all.emplace_back(name, std::move(value));
  };
  add("model_folder", plan.model_folder.string());
  add("model_digest", plan.model_digest);
  add("tokenizer_digest", plan.tokenizer_digest);
  add("model_parameters", std::to_string(plan.parameters.total()));
  add("trained_parameters", std::to_string(plan.trained_parameters));
  if (plan.lora) {
    std::string names;
    for (const std::string& name : plan.peft_targets) names += (names.empty() ? "" : ",") + name;
    add("trained_modules", names);
  }
  add("device_used", plan.machine.device);
  add("dtype", plan.machine.number_type);
  add("quantization", plan.machine.storage);
  add("threads_used", std::to_string(plan.machine.threads));
  add("train_digest", plan.train.profile.digest);
  add("template_digest", plan.train.profile.template_digest);
  add("train_samples", std::to_string(plan.train.profile.samples));
  add("train_tokens", std::to_string(plan.train.profile.counts.tokens));
  add("train_trained_tokens", std::to_string(plan.train.profile.counts.trained_tokens));
  if (plan.eval) add("eval_digest", plan.eval->profile.digest);
  add("steps_per_epoch", std::to_string(plan.steps_per_epoch));
  add("total_steps", std::to_string(plan.total_steps));
  add("warmup_steps_used", std::to_string(plan.warmup_steps));
  return all;
}

json::object object_of(const NamedTexts& texts) {
  json::object object;
  for (const auto& [name, value] : texts) object[name] = value;
  return object;
}

tracking::DatasetInput dataset_input(const DatasetUse& data, const char* context) {
  tracking::DatasetInput input;
  input.dataset = {fs::path(data.source).filename().string(),
                   mlflow_digest(data.profile),
                   "local",
                   mlflow_source(data.source),
                   mlflow_schema(data.profile.format),
                   mlflow_profile(data.profile)};
  if (input.dataset.name.empty()) input.dataset.name = data.source;
  input.tags = {{"mlflow.data.context", context}};
  return input;
}

tracking::RunStatus status_of(EndReason reason) {
  switch (reason) {
    case EndReason::finished:
    case EndReason::stopped_early: return tracking::RunStatus::finished;
    case EndReason::interrupted: return tracking::RunStatus::killed;
    case EndReason::failed: return tracking::RunStatus::failed;
  }
  return tracking::RunStatus::failed;
}

std::string samples_text(const EvalReport& report) {
  std::string text = "# Samples after step " + std::to_string(report.step) + "\n";
  for (const auto& [prompt, answer] : report.samples) {
    text += "\n## " + prompt + "\n\n" + answer + "\n";
  }
  return text;
}

}  // namespace

TrackingCallback::TrackingCallback(TrackingTarget target, const Clock& clock)
    : target_(std::move(target)), clock_(clock), begun_(clock.monotonic()) {}

TrackingCallback::~TrackingCallback() = default;

Result<void> TrackingCallback::on_begin(const RunPlan& plan) {
  plan_ = &plan;
  begun_ = clock_.monotonic();
  const auto noted = plan.notes.find(kRunNote);
  const bool goes_on = noted != plan.notes.end();
  if (goes_on) target_.settings.run_id = noted->second;
  tracking::RecorderOptions options;
  options.settings = target_.settings;
  options.experiment_name = plan.settings.tracking.experiment;
  options.run_name = plan.settings.tracking.run_name;
  options.journal_folder = target_.journal_folder;
  options.finish_limit = target_.finish_limit;
  options.connections = target_.connections;
  auto recorder = tracking::Recorder::start(std::move(options), clock_);
  if (!recorder) return Error(recorder.error()).with_context("tracking");
  recorder_ = std::move(*recorder);
  if (goes_on) {
    note_differences();
  } else {
    log_parameters();
  }
  log_inputs();
  return {};
}

void TrackingCallback::log_parameters() {
  const NamedTexts all = parameters_of(*plan_);
  std::vector<tracking::Param> params;
  params.reserve(all.size());
  for (const auto& [name, value] : all) params.push_back({name, value});
  recorder_->log_params(params);
  parameters_ = json::serialize(object_of(all));
  recorder_->log_text(parameters_, "config/params.json");
}

void TrackingCallback::note_differences() {
  const auto noted = plan_->notes.find(kParametersNote);
  parameters_ = noted == plan_->notes.end() ? "{}" : noted->second;
  boost::system::error_code error;
  const json::value before = json::parse(parameters_, error);
  recorder_->set_tag("resume.step", std::to_string(plan_->first_step));
  recorder_->set_tag("resume.checkpoint", plan_->resumed_from.string());
  if (error || !before.is_object()) return;
  for (const auto& [name, value] : parameters_of(*plan_)) {
    const json::value* old = before.as_object().if_contains(name);
    if (old == nullptr || *old != json::value(value)) recorder_->set_tag("resume." + name, value);
  }
}

void TrackingCallback::log_inputs() {
  recorder_->log_dataset(dataset_input(plan_->train, "training"));
  if (plan_->eval) recorder_->log_dataset(dataset_input(*plan_->eval, "eval"));
  for (const char* file : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
                           "chat_template.jinja"}) {
    std::error_code ignored;
    const fs::path path = plan_->model_folder / file;
    if (fs::is_regular_file(path, ignored)) recorder_->log_artifact(path, "tokenizer");
  }
}

Result<void> TrackingCallback::on_log(const StepReport& report) {
  last_step_ = report.step;
  const double seconds = report.seconds > 0 ? report.seconds : 1;
  const std::vector<tracking::NamedValue> values{
      {"train_loss", report.loss},
      {"learning_rate", report.learning_rate},
      {"epoch", report.epoch},
      {"grad_norm", report.gradient_norm},
      {"tokens_per_second", static_cast<double>(report.trained_tokens) / seconds},
      {"positions_per_second", static_cast<double>(report.positions) / seconds}};
  recorder_->log_metrics(values, report.step);
  json::object line{{"step", report.step}};
  for (const tracking::NamedValue& value : values) line[value.key] = value.value;
  history_ += json::serialize(line) + "\n";
  return {};
}

Result<void> TrackingCallback::on_eval(const EvalReport& report, Requests& /*requests*/) {
  recorder_->log_metric("eval_loss", report.loss, report.step);
  recorder_->log_metric("eval_perplexity", report.perplexity, report.step);
  history_ += json::serialize(json::object{{"step", report.step},
                                           {"epoch", report.epoch},
                                           {"eval_loss", report.loss},
                                           {"eval_perplexity", report.perplexity}}) +
              "\n";
  if (!report.samples.empty()) {
    recorder_->log_text(samples_text(report),
                        "samples/step-" + std::to_string(report.step) + ".md");
  }
  return {};
}

Result<void> TrackingCallback::on_epoch(std::int64_t /*finished*/) {
  log_memory(last_step_);
  return {};
}

void TrackingCallback::log_memory(std::int64_t step) {
  const MemoryUse use = memory_use(plan_->machine.device);
  const std::chrono::duration<double> elapsed = clock_.monotonic() - begun_;
  std::vector<tracking::NamedValue> values{
      {"process_memory_megabytes", static_cast<double>(use.resident) / kMegabyte},
      {"process_memory_peak_megabytes", static_cast<double>(use.peak_resident) / kMegabyte},
      {"elapsed_seconds", elapsed.count()}};
  if (use.device) {
    values.push_back(
        {"gpu_memory_allocated_megabytes", static_cast<double>(use.device->allocated) / kMegabyte});
    values.push_back(
        {"gpu_memory_reserved_megabytes", static_cast<double>(use.device->reserved) / kMegabyte});
    values.push_back(
        {"gpu_memory_max_megabytes", static_cast<double>(use.device->peak) / kMegabyte});
  }
  recorder_->log_metrics(values, step);
}

void TrackingCallback::on_checkpoint(Notes& notes) {
  // Early in a run the store may not have made it yet. If it cannot, the checkpoint has no id, and
  // who goes on from it starts a run of its own.
  if (recorder_->run_id().str().empty()) static_cast<void>(recorder_->flush(kRunIdPatience));
  if (const tracking::RunId id = recorder_->run_id(); !id.str().empty()) {
    notes[kRunNote] = id.str();
    notes[kParametersNote] = parameters_;
  }
}

Result<void> TrackingCallback::on_final_model(const FinalModelReport& report) {
  const fs::path aside = plan_->output_dir / "mlflow_model";
  std::error_code ignored;
  fs::remove_all(aside, ignored);
  tracking::ModelFolder folder;
  folder.transfer = tracking::FileTransfer::link;
  folder.tokenizer = plan_->model_folder;
  if (plan_->lora) {
    folder.weights = tracking::LocalWeights{fs::absolute(plan_->model_folder, ignored)};
    folder.adapter = report.folder;
  } else {
    folder.weights = tracking::OwnWeights{report.folder};
  }
  const auto written = tracking::write_model_folder(folder, aside, clock_);
  if (!written) return Error(written.error()).with_context("the model for MLflow");
  if (const auto logged = log_model_folder(aside, report.step); !logged) {
    // The journal keeps what the store could not take: the files then arrive as the run's own.
    recorder_->log_artifacts(aside, kModelName);
    if (target_.say) {
      target_.say("tracking: the model is sent later, as files of the run: " +
                  logged.error().message);
    }
    return {};
  }
  fs::remove_all(aside, ignored);
  return {};
}

Result<void> TrackingCallback::log_model_folder(const fs::path& folder, std::int64_t step) {
  if (const auto flushed = recorder_->flush(target_.finish_limit); !flushed) return flushed;
  const auto store = target_.connections.store ? target_.connections.store(target_.settings)
                                               : tracking::open_store(target_.settings.tracking_uri,
                                                                      target_.settings, clock_);
  if (!store) return store.error();
  tracking::ModelToLog model;
  model.run_id = recorder_->run_id();
  model.name = kModelName;
  model.step = step;
  model.model_type = "text-generation";
  model.register_as = plan_->settings.tracking.register_as;
  const auto logged = tracking::log_model({**store, target_.settings}, folder, model, {});
  if (!logged) return logged.error();
  if (logged->version && target_.say) {
    target_.say("registered as " + logged->version->name + " version " + logged->version->version);
  }
  return {};
}

void TrackingCallback::on_end(const EndReport& report) {
  if (!recorder_) return;
  if (report.steps > 0) last_step_ = report.steps;
  log_memory(last_step_);
  if (report.final_train_loss) {
    recorder_->log_metric("final_train_loss", *report.final_train_loss, last_step_);
  }
  if (report.final_eval_loss) {
    recorder_->log_metric("final_eval_loss", *report.final_eval_loss, last_step_);
  }
  recorder_->log_metric("training_time_seconds", report.seconds, last_step_);
  if (!report.message.empty()) recorder_->set_tag("failure", report.message);
  if (report.reason == EndReason::stopped_early) recorder_->set_tag("stopped_early", "true");
  recorder_->log_text(history_, "training_log.jsonl");
  const auto finished = recorder_->finish(status_of(report.reason));
  if (!target_.say) return;
  if (!finished) {
    target_.say("tracking: " + finished.error().message);
  } else {
    const std::string page = recorder_->run_url();
    target_.say("tracked as run " + finished->run_id.str() + (page.empty() ? "" : ", " + page));
  }
}

}  // namespace liquid::train
