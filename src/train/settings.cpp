#include "train/settings.h"

#include "train/setting_kinds.h"

namespace liquid::train {
namespace {

constexpr double kAdapterRate = 2e-4;
constexpr double kFullRate = 2e-5;

Error contradiction(std::string message) {
  return {ErrorCode::invalid_argument, std::move(message)};
}

bool has_evaluation(const Settings& settings) {
  return !settings.data.eval_data.empty() || settings.data.eval_share > 0;
}

Result<void> validate_method(const Settings& settings) {
  const bool quantized = settings.model.method == Method::qlora;
  if (quantized && settings.machine.weights != WeightStorage::automatic &&
      settings.machine.weights != WeightStorage::nf4) {
    return contradiction("--qlora stores the weights in NF4; expected weights auto or nf4");
  }
  if (!quantized && settings.machine.weights == WeightStorage::nf4) {
    return contradiction("weights 'nf4' go with --qlora");
  }
  if (settings.model.method == Method::full && settings.machine.weights == WeightStorage::bf16) {
    return contradiction("weights 'bf16': --full trains every weight, which needs fp32 ones");
  }
  return {};
}

Result<void> validate_evaluation(const Settings& settings) {
  if (!settings.data.eval_data.empty() && settings.data.eval_share > 0) {
    return contradiction(
        "eval-data and eval-share are both set; one of them says what is held out");
  }
  if (has_evaluation(settings)) return {};
  if (settings.loop.early_stopping > 0) {
    return contradiction("early-stopping " + std::to_string(settings.loop.early_stopping) +
                         " needs an evaluation: set eval-data or eval-share");
  }
  if (settings.loop.best_at_end) {
    return contradiction("best-at-end needs an evaluation: set eval-data or eval-share");
  }
  return {};
}

}  // namespace

Result<void> validate(const Settings& settings) {
  if (auto valid = validate_method(settings); !valid) return valid;
  if (auto valid = validate_evaluation(settings); !valid) return valid;
  if (settings.output.output_dir.empty()) {
    return contradiction("output-dir is empty; expected a folder");
  }
  if (settings.output.resume && settings.output.overwrite) {
    return contradiction("resume and overwrite are both set: go on, or start anew?");
  }
  if (settings.data.pack_length > 0 && settings.data.pack_length < settings.data.max_length) {
    return contradiction("pack-length " + std::to_string(settings.data.pack_length) +
                         ": expected at least max-length (" +
                         std::to_string(settings.data.max_length) + ")");
  }
  return {};
}

double learning_rate_of(const Settings& settings) {
  const double fallback = settings.model.method == Method::full ? kFullRate : kAdapterRate;
  return settings.optimizer.learning_rate.value_or(fallback);
}

// LFM2.5 tells the model the date beside a list of tools. Samples and their digest must not depend
// on the day of training, or `--resume` would find other data tomorrow.
constexpr std::chrono::year_month_day kChatDate{std::chrono::year{2025}, std::chrono::January,
                                                std::chrono::day{1}};

DatasetOptions dataset_options(const Settings& settings) {
  const DataSettings& data = settings.data;
  return {.format = data.format,
          .train_on = data.train_on,
          .over_long = data.over_long,
          .max_length = static_cast<std::int32_t>(data.max_length),
          .max_bad_rows = data.max_bad_rows,
          .system_prompt = data.system_prompt,
          .render = {.date = kChatDate}};
}

EpochOptions epoch_options(const Settings& settings) {
  const DataSettings& data = settings.data;
  const std::int64_t length = data.pack_length > 0 ? data.pack_length : data.max_length;
  return {.packing = data.packing,
          .max_positions = static_cast<std::int32_t>(length),
          .batch_size = static_cast<std::int32_t>(settings.loop.batch_size),
          .accumulation = static_cast<std::int32_t>(settings.loop.accumulation),
          .seed = static_cast<std::uint64_t>(settings.loop.seed)};
}

}  // namespace liquid::train
