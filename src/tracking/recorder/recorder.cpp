#include "tracking/recorder/recorder.h"

#include <bit>
#include <exception>
#include <system_error>
#include <utility>

#include "tracking/recorder/recorder_state.h"
#include "tracking/recorder/run_plan.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;
using recorder::ArtifactNote;
using std::chrono::milliseconds;

constexpr const char* kJournalFolder = ".liquid/journal";

// Whether waiting cannot help. Everything else may be over before the run is.
bool is_hopeless(ErrorCode code) {
  return code == ErrorCode::invalid_argument || code == ErrorCode::unsupported ||
         code == ErrorCode::invalid_state;
}

// Opening makes no request to a server; of a file it tells whether it can be used at all.
Result<void> check_store(const RecorderOptions& options, const std::string& tracking_uri) {
  Settings settings = options.settings;
  settings.tracking_uri = tracking_uri;
  const Result<std::unique_ptr<Store>> store = options.connections.store(settings);
  if (store || !is_hopeless(store.error().code)) return {};
  return store.error();
}

Result<void> check(const RecorderOptions& options) {
  if (options.write_interval <= milliseconds(0) || options.max_journal_bytes < 65'536) {
    return Error{ErrorCode::invalid_argument,
                 "recorder: write_interval must be positive and max_journal_bytes at least 65536"};
  }
  return {};
}

std::string absolute_text(const fs::path& path) {
  std::error_code failed;
  const fs::path whole = fs::absolute(path, failed).lexically_normal();
  // "folder/" has no name of its own.
  return (whole.has_filename() ? whole : whole.parent_path()).string();
}

}  // namespace

Recorder::Recorder(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Recorder>> Recorder::start(RecorderOptions options, const Clock& clock) {
  if (Result<void> checked = check(options); !checked) return std::move(checked).error();
  if (!options.connections.store) options.connections = real_connections(clock);
  if (options.journal_folder.empty()) options.journal_folder = kJournalFolder;
  const recorder::RunPlan plan = recorder::make_run_plan(options, clock);
  if (Result<void> usable = check_store(options, plan.tracking_uri); !usable) {
    return std::move(usable).error();
  }
  Result<std::unique_ptr<recorder::JournalFolder>> folder =
      recorder::JournalFolder::create(options.journal_folder, plan);
  if (!folder) return std::move(folder).error();
  auto state = std::make_unique<State>(std::move(options), clock, std::move(*folder));
  if (Result<void> opened = state->open_delivery(); !opened) return std::move(opened).error();
  // A disk that cannot be written to is told at once, not after an hour.
  if (Result<void> written = state->scribe.visit(); !written) return std::move(written).error();
  state->start_threads();
  return std::unique_ptr<Recorder>(new Recorder(std::move(state)));
}

Recorder::~Recorder() {
  const bool unwinding = std::uncaught_exceptions() > state_->exceptions_at_start;
  const Result<RecorderReport> ended =
      state_->finish(unwinding ? RunStatus::failed : RunStatus::killed);
  static_cast<void>(ended);
}

void Recorder::log_metric(std::string_view key, double value, std::int64_t step) noexcept {
  const NamedValue one{key, value};
  log_metrics({&one, 1}, step);
}

void Recorder::log_metrics(std::span<const NamedValue> values, std::int64_t step) noexcept {
  recorder::PointQueue* queue = state_->queues.of_this_thread();
  const std::int64_t time_ms = state_->now_ms();
  for (const NamedValue& one : values) {
    const std::uint32_t key = queue == nullptr ? recorder::KeyTable::kNone
                                               : queue->keys().number_of(one.key, state_->keys);
    if (key == recorder::KeyTable::kNone) {
      Metric point;
      point.value = one.value;
      point.timestamp_ms = time_ms;
      point.step = step;
      log_with_key(point, one.key);
      continue;
    }
    state_->push({.time_ms = time_ms,
                  .step = step,
                  .payload = std::bit_cast<std::uint64_t>(one.value),
                  .key = key});
  }
}

void Recorder::log_metric(const Metric& point) noexcept { log_with_key(point, point.key); }

// Copies may run out of memory, which is no reason to end somebody's training.
void Recorder::log_with_key(const Metric& point, std::string_view key) noexcept {
  state_->push_made([&]() -> recorder::Operation {
    Metric copy = point;
    copy.key = key;
    if (copy.timestamp_ms == 0) copy.timestamp_ms = state_->now_ms();
    return copy;
  });
}

void Recorder::log_param(std::string_view key, std::string_view value) noexcept {
  state_->push_made([&]() -> recorder::Operation {
    return Param{std::string(key), std::string(value)};
  });
}

void Recorder::log_params(std::span<const Param> params) noexcept {
  for (const Param& param : params) log_param(param.key, param.value);
}

void Recorder::set_tag(std::string_view key, std::string_view value) noexcept {
  state_->push_made([&]() -> recorder::Operation {
    return Tag{std::string(key), std::string(value)};
  });
}

void Recorder::log_dataset(const DatasetInput& dataset) noexcept {
  state_->push_made([&]() -> recorder::Operation { return dataset; });
}

void Recorder::log_model_input(const ModelId& model) noexcept {
  state_->push_made([&]() -> recorder::Operation { return recorder::ModelInput{model}; });
}

void Recorder::log_model_output(const ModelId& model, std::int64_t step) noexcept {
  state_->push_made([&]() -> recorder::Operation { return ModelOutput{model, step}; });
}

void Recorder::log_artifact(const fs::path& file, std::string_view artifact_folder) noexcept {
  state_->push_made([&]() -> recorder::Operation {
    return ArtifactNote{absolute_text(file), std::string(artifact_folder),
                        ArtifactNote::Shape::named};
  });
}

void Recorder::log_artifacts(const fs::path& folder, std::string_view artifact_folder) noexcept {
  state_->push_made([&]() -> recorder::Operation {
    return ArtifactNote{absolute_text(folder), std::string(artifact_folder),
                        ArtifactNote::Shape::contents};
  });
}

void Recorder::log_text(std::string_view content, std::string_view artifact_path) noexcept {
  state_->push_made([&]() -> recorder::Operation {
    return recorder::TextNote{std::string(artifact_path), std::string(content)};
  });
}

RunId Recorder::run_id() const { return RunId(state_->progress.get().run_id); }

std::string Recorder::run_url() const {
  const RecorderProgress now = state_->progress.get();
  std::string uri = state_->folder->plan().tracking_uri;
  if (now.run_id.empty() || !uri.starts_with("http")) return {};
  while (uri.ends_with('/')) uri.pop_back();
  // Never show a password that stands in the URI.
  const std::size_t host = uri.find("://") + 3;
  const std::size_t at = uri.find('@', host);
  if (at != std::string::npos && at < uri.find('/', host)) uri.erase(host, at + 1 - host);
  return uri + "/#/experiments/" + now.experiment_id + "/runs/" + now.run_id;
}

RecorderReport Recorder::report() const { return state_->report(); }

Result<void> Recorder::sync(milliseconds limit) { return state_->wait_written(limit); }

Result<void> Recorder::flush(milliseconds limit) { return state_->flush(limit); }

Result<RecorderReport> Recorder::finish(RunStatus status) { return state_->finish(status); }

}  // namespace liquid::tracking
