#include "train/data/profile.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstddef>
#include <span>
#include <unordered_set>

#include "base/digest.h"
#include "train/data/packing.h"

// profile = { "num_rows", "num_samples", "num_tokens", "num_trained_tokens", "bad_rows",
//             "truncated", "dropped", "without_trained_tokens", "duplicates", "format",
//             "lengths": { "shortest", "median", "percentile_95", "longest",
//                          "histogram": [ { "from", "to", "samples" }, … ] },   from ≤ tokens < to
//             "samples_sha256", "files_sha256", "tokenizer_sha256", "template_sha256" }
// schema  = { "mlflow_colspec": [ column, … ] }
// column  = { "type": "string" | …, "name", "required" } | { "type": "array", "items": type, … }
// (MLflow: mlflow.types.Schema.to_dict; every property of an object has a "required" of its own.)

namespace liquid::train {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMaxBuckets = 12;
constexpr std::size_t kDigestDigits = 10;

std::vector<LengthBucket> histogram_of(std::span<const std::int32_t> sorted) {
  const std::int64_t shortest = sorted.front();
  const std::int64_t longest = sorted.back();
  std::int64_t width = 1;
  while (longest / width - shortest / width + 1 > kMaxBuckets) width *= 2;
  std::vector<LengthBucket> buckets;
  auto from = sorted.begin();
  for (std::int64_t begin = shortest / width * width; begin <= longest; begin += width) {
    const auto to = std::lower_bound(from, sorted.end(), begin + width);
    buckets.push_back({begin, begin + width, to - from});
    from = to;
  }
  return buckets;
}

LengthSummary summary_of(std::vector<std::int32_t> lengths) {
  if (lengths.empty()) return {};
  std::sort(lengths.begin(), lengths.end());
  const std::size_t last = lengths.size() - 1;
  LengthSummary summary;
  summary.shortest = lengths.front();
  summary.median = lengths[last / 2];
  summary.percentile_95 = lengths[(lengths.size() * 95 + 99) / 100 - 1];
  summary.longest = lengths.back();
  summary.histogram = histogram_of(lengths);
  return summary;
}

std::string_view bytes_of(const std::vector<std::int32_t>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(std::int32_t)};
}

// By 64-bit hashes: of a hundred million samples, one pair would be counted wrongly with a
// probability of 1 : 3700.
std::int64_t duplicates_in(const std::vector<Sample>& samples) {
  std::unordered_set<std::uint64_t> seen;
  std::int64_t duplicates = 0;
  for (const Sample& sample : samples) {
    const std::uint64_t hash = hash64(bytes_of(sample.labels), hash64(bytes_of(sample.ids)));
    if (!seen.insert(hash).second) ++duplicates;
  }
  return duplicates;
}

json::object required(json::object type) {
  type["required"] = true;
  return type;
}

json::object optional(json::object type) {
  type["required"] = false;
  return type;
}

json::object text_type() { return {{"type", "string"}}; }
json::object list_of(json::object items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}
json::object object_of(json::object properties) {
  return {{"type", "object"}, {"properties", std::move(properties)}};
}

json::object column(std::string_view name, json::object type) {
  type["name"] = name;
  return type;
}

json::array columns_of(RowFormat format) {
  switch (format) {
    case RowFormat::alpaca:
      return {column("instruction", required(text_type())), column("input", optional(text_type())),
              column("output", required(text_type())), column("system", optional(text_type())),
              column("history", optional(list_of(list_of(text_type()))))};
    case RowFormat::sharegpt:
      return {
          column("conversations", required(list_of(object_of({{"from", required(text_type())},
                                                              {"value", required(text_type())}})))),
          column("system", optional(text_type())), column("tools", optional(text_type()))};
    case RowFormat::messages:
      return {
          column("messages", required(list_of(object_of({{"role", required(text_type())},
                                                         {"content", required(text_type())}}))))};
    case RowFormat::prompt_completion:
      return {column("prompt", required(text_type())), column("completion", required(text_type()))};
    case RowFormat::detect:
    case RowFormat::text: break;
  }
  return {column("text", required(text_type()))};
}

json::object lengths_json(const LengthSummary& lengths) {
  json::array buckets;
  for (const LengthBucket& bucket : lengths.histogram) {
    buckets.push_back(
        json::object{{"from", bucket.begin}, {"to", bucket.end}, {"samples", bucket.samples}});
  }
  return {{"shortest", lengths.shortest},
          {"median", lengths.median},
          {"percentile_95", lengths.percentile_95},
          {"longest", lengths.longest},
          {"histogram", std::move(buckets)}};
}

}  // namespace

DatasetProfile profile_of(const Dataset& dataset, const tokenizer::Tokenizer& tokenizer,
                          const tokenizer::ChatTemplate& chat) {
  DatasetProfile profile;
  profile.format = dataset.format;
  profile.counts = dataset.counts;
  profile.samples = static_cast<std::int64_t>(dataset.samples.size());
  profile.duplicates = duplicates_in(dataset.samples);
  profile.lengths = summary_of(sample_lengths(dataset));
  profile.digest = dataset.digest;
  profile.files_digest = dataset.files_digest;
  profile.tokenizer_digest = tokenizer.digest().hex();
  DigestBuilder of_template;
  of_template.field(tokenizer::chat_form_name(chat.form())).field(tokenizer.chat_template());
  profile.template_digest = of_template.finish().hex();
  return profile;
}

std::string mlflow_digest(const DatasetProfile& profile) {
  return profile.digest.substr(0, kDigestDigits);
}

std::string mlflow_profile(const DatasetProfile& profile) {
  const DatasetCounts& counts = profile.counts;
  return json::serialize(json::object{{"num_rows", counts.rows},
                                      {"num_samples", profile.samples},
                                      {"num_tokens", counts.tokens},
                                      {"num_trained_tokens", counts.trained_tokens},
                                      {"bad_rows", counts.bad},
                                      {"truncated", counts.truncated},
                                      {"dropped", counts.dropped},
                                      {"without_trained_tokens", counts.without_trained_tokens},
                                      {"duplicates", profile.duplicates},
                                      {"format", row_format_name(profile.format)},
                                      {"lengths", lengths_json(profile.lengths)},
                                      {"samples_sha256", profile.digest},
                                      {"files_sha256", profile.files_digest},
                                      {"tokenizer_sha256", profile.tokenizer_digest},
                                      {"template_sha256", profile.template_digest}});
}

std::string mlflow_schema(RowFormat format) {
  return json::serialize(json::object{{"mlflow_colspec", columns_of(format)}});
}

std::string mlflow_source(const std::string& path_or_glob) {
  return json::serialize(json::object{{"uri", path_or_glob}});
}

}  // namespace liquid::train
