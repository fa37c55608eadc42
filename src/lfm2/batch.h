#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace liquid::lfm2 {

/// The label of a token that is not trained.
inline constexpr std::int32_t kIgnoredLabel = -100;

/// Documents one behind the other in one packed sequence.
///
/// Labels follow Hugging Face: `labels[t]` belongs to token t and is predicted from token t − 1.
/// The first token of a document has nothing before it: its label is never used, and nothing is
/// predicted across a border.
struct Batch {
  std::vector<std::int32_t> input_ids;
  std::vector<std::int32_t> labels;    ///< as long as input_ids; kIgnoredLabel = not trained
  std::vector<std::int32_t> seq_lens;  ///< lengths of the documents; their sum is the length

  bool operator==(const Batch&) const = default;

  /// Number of labels that count: not ignored and not on a document's first token.
  std::int64_t trained_tokens() const;

  /// Errors: invalid_argument, which names the field, the place and the value.
  Result<void> validate(std::int64_t vocab_size) const;
};

}  // namespace liquid::lfm2
