#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/chat.h"
#include "tokenizer/tokenizer.h"
#include "train/data/dataset.h"

namespace liquid::train {

/// Samples of `begin` ≤ length < `end` tokens.
struct LengthBucket {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t samples = 0;
  bool operator==(const LengthBucket&) const = default;
};

/// Lengths in tokens. `percentile_95`: 95 % of the samples are no longer.
struct LengthSummary {
  std::int64_t shortest = 0;
  std::int64_t median = 0;
  std::int64_t percentile_95 = 0;
  std::int64_t longest = 0;
  /// At most 12 buckets of equal width, a power of two, from the shortest to the longest.
  std::vector<LengthBucket> histogram;
  bool operator==(const LengthSummary&) const = default;
};

/// What identifies a data set and how large it is.
struct DatasetProfile {
  RowFormat format = RowFormat::detect;
  DatasetCounts counts;
  std::int64_t samples = 0;
  std::int64_t duplicates = 0;  ///< samples equal to an earlier one, ids and mask
  LengthSummary lengths;
  std::string digest;            ///< `Dataset::digest`
  std::string files_digest;      ///< `Dataset::files_digest`
  std::string tokenizer_digest;  ///< equal for tokenizers that encode alike
  std::string template_digest;   ///< of the chat template: its form and its text
  bool operator==(const DatasetProfile&) const = default;
};

/// O(tokens).
DatasetProfile profile_of(const Dataset& dataset, const tokenizer::Tokenizer& tokenizer,
                          const tokenizer::ChatTemplate& chat);

// The fields of a dataset input in MLflow (tracking::Dataset).

/// The first ten digits of the digest: changes with the rows, the tokenizer and the template.
std::string mlflow_digest(const DatasetProfile& profile);
/// `{"num_rows": …, "num_tokens": …, …}`.
std::string mlflow_profile(const DatasetProfile& profile);
/// The columns of the format as MLflow's ColSpec JSON, `{"mlflow_colspec": […]}`.
std::string mlflow_schema(RowFormat format);
/// The source of type "local": `{"uri": …}` of what the user named.
std::string mlflow_source(const std::string& path_or_glob);

}  // namespace liquid::train
