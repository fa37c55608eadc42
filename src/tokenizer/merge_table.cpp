#include "tokenizer/merge_table.h"

#include <algorithm>
#include <bit>

namespace liquid::tokenizer {

MergeTable::MergeTable(std::size_t merges)
    : mask_(std::bit_ceil(std::max<std::size_t>(2 * merges, 16)) - 1),
      shift_(static_cast<unsigned>(std::countl_zero(static_cast<std::uint64_t>(mask_)))),
      slots_(mask_ + 1) {}

void MergeTable::insert(TokenId left, TokenId right, Merge merge) {
  const std::uint64_t key = key_of(left, right);
  std::size_t at = slot_of(key);
  while (slots_[at].key != kFree && slots_[at].key != key) at = (at + 1) & mask_;
  slots_[at] = {key, merge};
}

}  // namespace liquid::tokenizer
