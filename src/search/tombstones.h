#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "search/segment.h"

namespace liquid::search {

/// How often a removed document's chunks hold a term: what the term's document frequency loses.
struct LostTerm {
  std::uint32_t term = 0;
  std::uint32_t chunks = 0;
};

/// LostTerms as varints, ascending: gap to the term before, chunks.
std::string encode_lost_terms(const std::vector<LostTerm>& lost);
/// Errors: data_corrupt.
Result<std::vector<LostTerm>> decode_lost_terms(std::string_view bytes, const Segment& segment);

/// Which documents of a segment are gone, and what its statistics lose by that, so that ranking is
/// the same before and after the segment is rewritten without them. A value; copied on write.
class Tombstones {
 public:
  explicit Tombstones(const Segment& segment);

  /// `lost` must belong to `document`, which must be alive.
  void bury(const Segment& segment, std::uint32_t document, const std::vector<LostTerm>& lost);

  bool document_is_dead(std::uint32_t document) const { return bit(documents_, document); }
  bool chunk_is_dead(std::uint32_t chunk) const { return bit(chunks_, chunk); }
  std::uint32_t lost_frequency(std::uint32_t term) const { return lost_[term]; }
  std::uint32_t dead_documents() const { return dead_documents_; }
  std::uint32_t dead_chunks() const { return dead_chunks_; }
  std::uint64_t dead_length() const { return dead_length_; }

 private:
  static bool bit(const std::vector<std::uint64_t>& bits, std::uint32_t index) {
    return ((bits[index / 64] >> (index % 64)) & 1) != 0;
  }
  static void set(std::vector<std::uint64_t>& bits, std::uint32_t index) {
    bits[index / 64] |= std::uint64_t{1} << (index % 64);
  }

  std::vector<std::uint64_t> documents_;
  std::vector<std::uint64_t> chunks_;
  std::vector<std::uint32_t> lost_;  // per term
  std::uint32_t dead_documents_ = 0;
  std::uint32_t dead_chunks_ = 0;
  std::uint64_t dead_length_ = 0;
};

}  // namespace liquid::search
