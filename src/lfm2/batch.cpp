#include "lfm2/batch.h"

#include <string>

namespace liquid::lfm2 {
namespace {

Error invalid(const std::string& message) { return {ErrorCode::invalid_argument, message}; }

Result<void> check_lengths(const Batch& batch) {
  if (batch.input_ids.empty()) return invalid("input_ids is empty");
  if (batch.labels.size() != batch.input_ids.size()) {
    return invalid("labels has " + std::to_string(batch.labels.size()) + " entries, input_ids " +
                   std::to_string(batch.input_ids.size()));
  }
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < batch.seq_lens.size(); ++i) {
    if (batch.seq_lens[i] < 1) {
      return invalid("seq_lens[" + std::to_string(i) + "] is " + std::to_string(batch.seq_lens[i]) +
                     ", expected 1 or more");
    }
    sum += batch.seq_lens[i];
  }
  if (sum == static_cast<std::int64_t>(batch.input_ids.size())) return {};
  return invalid("seq_lens adds up to " + std::to_string(sum) + ", input_ids has " +
                 std::to_string(batch.input_ids.size()) + " entries");
}

}  // namespace

std::int64_t Batch::trained_tokens() const {
  std::int64_t count = 0;
  std::size_t at = 0;
  for (const std::int32_t length : seq_lens) {
    const std::size_t end = at + static_cast<std::size_t>(length);
    for (std::size_t t = at + 1; t < end; ++t) {
      if (labels[t] != kIgnoredLabel) ++count;
    }
    at = end;
  }
  return count;
}

Result<void> Batch::validate(std::int64_t vocab_size) const {
  if (Result<void> lengths = check_lengths(*this); !lengths) return lengths;
  const std::string range = ", expected 0 to " + std::to_string(vocab_size - 1);
  for (std::size_t t = 0; t < input_ids.size(); ++t) {
    if (input_ids[t] < 0 || input_ids[t] >= vocab_size) {
      return invalid("input_ids[" + std::to_string(t) + "] is " + std::to_string(input_ids[t]) +
                     range);
    }
    if (labels[t] != kIgnoredLabel && (labels[t] < 0 || labels[t] >= vocab_size)) {
      return invalid("labels[" + std::to_string(t) + "] is " + std::to_string(labels[t]) + range +
                     " or " + std::to_string(kIgnoredLabel));
    }
  }
  return {};
}

}  // namespace liquid::lfm2
