#include "train/data/inspect.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace liquid::train {
namespace {

// Shares beyond which something is probably not as the user thinks.
constexpr double kFewTrained = 0.05;
constexpr double kManyTruncated = 0.05;
constexpr double kManyDropped = 0.05;

double share_of(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::vector<std::string> names_of(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::string> names;
  std::transform(paths.begin(), paths.end(), std::back_inserter(names),
                 [](const std::filesystem::path& path) { return path.string(); });
  return names;
}

// From the beginning to the end in equal strides.
std::vector<ShownSample> shown_samples(const Dataset& dataset,
                                       const tokenizer::Tokenizer& tokenizer, std::size_t wanted) {
  const std::size_t all = dataset.samples.size();
  const std::size_t count = std::min(wanted, all);
  std::vector<ShownSample> shown;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = count == 1 ? 0 : i * (all - 1) / (count - 1);
    const Sample& sample = dataset.samples[at];
    shown.push_back({static_cast<std::int64_t>(at) + 1,
                     static_cast<std::int64_t>(sample.ids.size()), sample.trained_tokens(),
                     text_runs(sample, tokenizer)});
  }
  return shown;
}

void plan_first_epoch(const Dataset& dataset, Inspection& inspection) {
  const std::vector<StepPlan> plan = plan_epoch(dataset, inspection.options.epoch, 0);
  inspection.steps_per_epoch = static_cast<std::int64_t>(plan.size());
  for (const StepPlan& step : plan) {
    inspection.micro_batches_per_epoch += static_cast<std::int64_t>(step.size());
    for (const MicroBatch& members : step) {
      std::int64_t tokens = 0;
      for (const std::int32_t index : members) {
        tokens +=
            static_cast<std::int64_t>(dataset.samples[static_cast<std::size_t>(index)].ids.size());
      }
      inspection.largest_micro_batch = std::max(inspection.largest_micro_batch, tokens);
    }
  }
}

void estimate_cost(Inspection& inspection) {
  const std::optional<CostEstimate>& cost = inspection.options.cost;
  if (!cost) return;
  const std::int64_t bytes = cost->weight_bytes + cost->trained_bytes + cost->activation_bytes;
  if (bytes > 0) inspection.memory_bytes = bytes;
  if (cost->positions_per_second > 0) {
    inspection.seconds = static_cast<double>(inspection.profile.counts.tokens) *
                         inspection.options.epochs / cost->positions_per_second;
  }
}

std::string percent(double share) { return std::to_string(std::lround(100 * share)) + " %"; }

std::string samples_text(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " sample" : " samples");
}

std::string rows_text(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " row" : " rows");
}

void warn_about_lengths(const Inspection& inspection, std::vector<std::string>& warnings) {
  const DatasetProfile& profile = inspection.profile;
  const std::string limit = std::to_string(inspection.options.max_length) + " tokens";
  if (share_of(profile.counts.truncated, profile.samples) > kManyTruncated) {
    warnings.push_back(samples_text(profile.counts.truncated) + " (" +
                       percent(share_of(profile.counts.truncated, profile.samples)) +
                       ") lost their end beyond " + limit +
                       ", and with it what teaches the model to stop; consider a larger "
                       "--max-length.");
  }
  if (share_of(profile.counts.dropped, profile.counts.rows) > kManyDropped) {
    warnings.push_back(rows_text(profile.counts.dropped) + " (" +
                       percent(share_of(profile.counts.dropped, profile.counts.rows)) +
                       ") are longer than " + limit + " and were dropped.");
  }
  if (profile.counts.without_trained_tokens > 0) {
    warnings.push_back(rows_text(profile.counts.without_trained_tokens) +
                       " left out, with nothing to learn within the first " + limit + ".");
  }
}

std::vector<std::string> warnings_about(const Inspection& inspection) {
  const DatasetProfile& profile = inspection.profile;
  std::vector<std::string> warnings;
  const double trained = share_of(profile.counts.trained_tokens, profile.counts.tokens);
  if (trained < kFewTrained) {
    warnings.push_back("Only " + percent(trained) +
                       " of the tokens are trained: are the answers where the format expects "
                       "them?");
  }
  warn_about_lengths(inspection, warnings);
  if (profile.duplicates > 0) {
    warnings.push_back(samples_text(profile.duplicates) + " (" +
                       percent(share_of(profile.duplicates, profile.samples)) +
                       ") repeat an earlier one.");
  }
  if (!inspection.files_left_out.empty()) {
    warnings.push_back(
        std::to_string(inspection.files_left_out.size()) +
        " of the files found are not read: " + visible_text(inspection.files_left_out.front()) +
        (inspection.files_left_out.size() > 1 ? ", …" : "") + ".");
  }
  const std::optional<CostEstimate>& cost = inspection.options.cost;
  if (cost && cost->available_bytes > 0 && inspection.memory_bytes > cost->available_bytes) {
    warnings.push_back(
        "The memory needed is more than the device has: a smaller --max-length, "
        "gradient checkpointing or --qlora would help.");
  }
  return warnings;
}

}  // namespace

Inspection inspect(const Dataset& dataset, const tokenizer::Tokenizer& tokenizer,
                   const tokenizer::ChatTemplate& chat, const InspectOptions& options) {
  Inspection inspection;
  inspection.profile = profile_of(dataset, tokenizer, chat);
  inspection.files = names_of(dataset.files);
  inspection.files_left_out = names_of(dataset.files_left_out);
  inspection.bad_rows = dataset.bad_rows;
  inspection.shown = shown_samples(dataset, tokenizer, options.shown_samples);
  inspection.options = options;
  plan_first_epoch(dataset, inspection);
  estimate_cost(inspection);
  inspection.warnings = warnings_about(inspection);
  return inspection;
}

}  // namespace liquid::train
