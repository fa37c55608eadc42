#include "tracking/sqlite/run_rules.h"

#include <charconv>
#include <optional>
#include <unordered_map>

#include "base/unicode.h"
#include "tracking/sqlite/registry_rules.h"

namespace liquid::tracking::sqlite {
namespace {

constexpr std::size_t kMaxKey = 250;
constexpr std::size_t kMaxParamValue = 6000;
constexpr std::size_t kMaxTagValue = 8000;
constexpr std::size_t kMaxExperimentName = 500;
constexpr std::size_t kMaxExperimentTagValue = 20'000;
constexpr std::size_t kMaxArtifactLocation = 2048;

Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

// Where the first `characters` of a text end, or nothing when it has no more than those.
std::optional<std::size_t> end_of(std::string_view text, std::size_t characters) {
  if (text.size() <= characters) return std::nullopt;
  std::size_t at = 0;
  for (std::size_t i = 0; i < characters && at < text.size(); ++i) next_code_point(text, at);
  return at < text.size() ? std::optional(at) : std::nullopt;
}

Result<void> check_length(std::string_view what, std::string_view text, std::size_t limit) {
  if (!end_of(text, limit)) return {};
  return invalid("'" + std::string(what) + "' exceeds the maximum length of " +
                 std::to_string(limit) + " characters");
}

Result<void> fit_value(const std::string& what, std::string& value, std::size_t limit,
                       LongValues long_values) {
  if (long_values == LongValues::refuse) return check_length(what, value, limit);
  if (const auto end = end_of(value, limit)) value.resize(*end);
  return {};
}

std::string place(const char* list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

Result<void> check_params_once(const std::vector<Param>& params) {
  std::unordered_map<std::string_view, std::string_view> seen;
  for (const Param& param : params) {
    const auto [at, added] = seen.emplace(param.key, param.value);
    if (added || at->second == param.value) continue;
    return invalid("Duplicate parameter keys have been submitted: ['" + param.key +
                   "']. Please ensure the request contains only one param value per param key.");
  }
  return {};
}

}  // namespace

Result<void> check_experiment_name(std::string_view name) {
  if (name.empty()) return invalid("Invalid experiment name: ''");
  return check_length("name", name, kMaxExperimentName);
}

Result<void> check_artifact_location(std::string_view location) {
  if (location.starts_with("runs:")) {
    return invalid("Artifact location cannot be a runs:/ URI. Given: '" + std::string(location) +
                   "'");
  }
  if (location.find('#') != std::string_view::npos) {
    return invalid("Artifact location '" + std::string(location) + "' has a fragment (#)");
  }
  return check_length("artifact_location", location, kMaxArtifactLocation);
}

Result<void> check_experiment_tag(const Tag& tag) {
  Result<void> checked = check_tag_key(tag.key);
  if (checked) checked = check_length("key", tag.key, kMaxKey);
  if (checked) checked = check_length("value", tag.value, kMaxExperimentTagValue);
  return checked;
}

Result<std::int64_t> experiment_number(const ExperimentId& id) {
  const std::string& text = id.str();
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, number);
  if (failed == std::errc() && stop == end) return number;
  return invalid("Invalid experiment ID '" + text + "'. Experiment ID must be a valid integer.");
}

Result<void> check_metric(const Metric& metric, std::size_t index, std::size_t count) {
  const std::string path = count == 1 ? "" : place("metrics", index) + ".";
  Result<void> checked = check_entity_name(path + "name", metric.key);
  if (checked) checked = check_length("Metric name", metric.key, kMaxKey);
  if (!checked) return checked;
  if (metric.timestamp_ms < 0) {
    return invalid("Invalid value " + std::to_string(metric.timestamp_ms) + " for parameter '" +
                   path + "timestamp' supplied: metric '" + metric.key +
                   "'. Timestamp must be a nonnegative long (64-bit integer) ");
  }
  if (metric.dataset_name.empty() != metric.dataset_digest.empty()) {
    return invalid("Metric '" + metric.key +
                   "': dataset_name and dataset_digest must be given together");
  }
  return {};
}

Result<void> check_params(std::vector<Param>& params, LongValues long_values) {
  for (std::size_t i = 0; i < params.size(); ++i) {
    Result<void> checked = check_entity_name(place("params", i) + ".key", params[i].key);
    if (checked) checked = check_length("Param key", params[i].key, kMaxKey);
    if (checked) checked = fit_value("Param value", params[i].value, kMaxParamValue, long_values);
    if (!checked) return checked;
  }
  return check_params_once(params);
}

Result<void> check_tags(std::vector<Tag>& tags, LongValues long_values) {
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const std::string path = place("tags", i);
    Result<void> checked = check_entity_name(path + ".key", tags[i].key);
    if (checked) checked = check_length(path + ".key", tags[i].key, kMaxKey);
    if (checked) checked = fit_value(path + ".value", tags[i].value, kMaxTagValue, long_values);
    if (!checked) return checked;
  }
  return {};
}

Result<void> check_dataset_input(const DatasetInput& input) {
  constexpr std::size_t kMaxName = 500;
  constexpr std::size_t kMaxDigest = 36;
  constexpr std::size_t kMaxSource = 65'535;
  constexpr std::size_t kMaxSchema = 1'048'575;
  constexpr std::size_t kMaxProfile = 16'777'215;
  constexpr std::size_t kMaxInputTagKey = 255;
  constexpr std::size_t kMaxInputTagValue = 500;
  Result<void> checked = check_length("name", input.dataset.name, kMaxName);
  if (checked) checked = check_length("digest", input.dataset.digest, kMaxDigest);
  if (checked) checked = check_length("source", input.dataset.source, kMaxSource);
  if (checked) checked = check_length("schema", input.dataset.schema, kMaxSchema);
  if (checked) checked = check_length("profile", input.dataset.profile, kMaxProfile);
  for (const Tag& tag : input.tags) {
    if (checked) checked = check_length("key", tag.key, kMaxInputTagKey);
    if (checked) checked = check_length("value", tag.value, kMaxInputTagValue);
  }
  return checked;
}

}  // namespace liquid::tracking::sqlite
