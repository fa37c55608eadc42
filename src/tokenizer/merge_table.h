#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace liquid::tokenizer {

inline constexpr std::uint32_t kNoRank = UINT32_MAX;

/// What two neighbours become. `rank` is `kNoRank` when they stay apart; the lowest goes first.
struct Merge {
  std::uint32_t rank = kNoRank;
  TokenId token = -1;
};

/// Pairs of tokens → merges: open addressing, at most half full, so that a pair that does not merge
/// (the usual case) costs one or two probes.
class MergeTable {
 public:
  explicit MergeTable(std::size_t merges);

  /// A pair that is there already takes the new merge.
  void insert(TokenId left, TokenId right, Merge merge);

  Merge find(TokenId left, TokenId right) const {
    const std::uint64_t key = key_of(left, right);
    for (std::size_t at = slot_of(key);; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.key == key) return slot.merge;
      if (slot.key == kFree) return {};
    }
  }

 private:
  static constexpr std::uint64_t kFree = UINT64_MAX;
  struct Slot {
    std::uint64_t key = kFree;
    Merge merge;
  };

  static std::uint64_t key_of(TokenId left, TokenId right) {
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32U) |
           static_cast<std::uint32_t>(right);
  }
  std::size_t slot_of(std::uint64_t key) const {
    return static_cast<std::size_t>((key * 0x9E37'79B9'7F4A'7C15U) >> shift_) & mask_;
  }

  std::size_t mask_;
  unsigned shift_;
  std::vector<Slot> slots_;
};

}  // namespace liquid::tokenizer
