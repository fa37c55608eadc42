#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "search/segment_merge.h"

namespace liquid::search {

/// `LengthNorm` with the usual lengths looked up instead of computed.
class NormTable {
 public:
  explicit NormTable(const LengthNorm& norm) : norm_(norm), usual_(kUsual) {
    for (std::uint32_t i = 0; i < kUsual; ++i) usual_[i] = static_cast<float>(norm(i));
  }
  float operator()(std::uint32_t length) const {
    return length < kUsual ? usual_[length] : static_cast<float>(norm_(length));
  }
  const LengthNorm& norm() const { return norm_; }

 private:
  static constexpr std::uint32_t kUsual = 2048;
  LengthNorm norm_;
  std::vector<float> usual_;
};

/// One committed state of the index. Immutable; statistics are over all segments without what is
/// gone, so that ranking does not depend on how the chunks are spread.
struct Snapshot {
  std::vector<SegmentView> views;
  std::uint64_t generation = 0;
  Digest epoch;
  std::uint64_t documents = 0;
  std::uint64_t chunks = 0;
  NormTable norms;

  /// `norm.average` is replaced by that of the views.
  static Snapshot of(std::vector<SegmentView> views, LengthNorm norm);

  std::uint64_t document_frequency(std::string_view term) const;
  /// ln(1 + (N - df + 0.5) / (df + 0.5)); with a frequency of 0 that of the rarest thinkable word.
  double idf(std::uint64_t document_frequency) const;
};

}  // namespace liquid::search
