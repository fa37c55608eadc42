#include "tracking/transfer/marks.h"

#include <bit>
#include <cctype>

#include "base/digest.h"

namespace liquid::tracking::transfer {
namespace {

bool is_of_a_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; }

void add_metric(DigestBuilder& digest, const Metric& metric) {
  digest.field(metric.key).field(std::bit_cast<std::uint64_t>(metric.value));
  digest.field(static_cast<std::uint64_t>(metric.timestamp_ms));
  digest.field(static_cast<std::uint64_t>(metric.step));
}

template <typename Pair>
void add_pairs(DigestBuilder& digest, const std::vector<Pair>& pairs) {
  for (const Pair& pair : pairs) {
    if (!is_mark(pair.key)) digest.field(pair.key).field(pair.value);
  }
  digest.field("");
}

}  // namespace

bool is_mark(std::string_view key) {
  return key == kSourceRun || key == kSourceStore || key == kSourceModel || key == kState ||
         key == kSourceVersion;
}

std::string tag_of(const std::vector<Tag>& tags, std::string_view key) {
  for (const Tag& tag : tags) {
    if (tag.key == key) return tag.value;
  }
  return {};
}

std::string origin_of(const Run& run) {
  std::string origin = tag_of(run.tags, kSourceRun);
  return origin.empty() ? run.info.id.str() : origin;
}

std::string origin_of(const LoggedModel& model) {
  std::string origin = tag_of(model.tags, kSourceModel);
  return origin.empty() ? model.id.str() : origin;
}

std::string fingerprint(const Run& run) {
  DigestBuilder digest;
  digest.field(run.info.name).field(static_cast<std::uint64_t>(run.info.status));
  digest.field(static_cast<std::uint64_t>(run.info.end_time_ms.value_or(-1)));
  for (const Metric& metric : run.metrics) add_metric(digest, metric);
  digest.field("");
  add_pairs(digest, run.params);
  add_pairs(digest, run.tags);
  for (const DatasetInput& input : run.dataset_inputs) {
    digest.field(input.dataset.name).field(input.dataset.digest);
    add_pairs(digest, input.tags);
  }
  digest.field("");
  for (const ModelId& id : run.model_inputs) digest.field(id.str());
  digest.field("");
  for (const ModelOutput& output : run.model_outputs) {
    digest.field(output.model_id.str()).field(static_cast<std::uint64_t>(output.step));
  }
  return digest.finish().hex();
}

std::string translated(std::string_view text, const NewIds& ids) {
  std::string result;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && is_of_a_word(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    const auto found = ids.find(word);
    result += found == ids.end() ? word : std::string_view(found->second);
    if (end < text.size()) result += text[end++];
    at = end;
  }
  return result;
}

std::string tag_filter(std::string_view key, std::string_view value) {
  return "tags.`" + std::string(key) + "` = '" + std::string(value) + "'";
}

}  // namespace liquid::tracking::transfer
