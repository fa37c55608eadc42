#include "cache/edition_table.h"

namespace liquid::cache {

std::uint32_t EditionTable::acquire(const Edition& edition) {
  const auto [place, is_new] = numbers_.try_emplace(edition, 0);
  if (is_new) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    place->second = free_.back();
    free_.pop_back();
    slots_[place->second] = {edition, 0};
  }
  ++slots_[place->second].uses;
  return place->second;
}

void EditionTable::release(std::uint32_t number) {
  Slot& slot = slots_[number];
  if (--slot.uses > 0) return;
  numbers_.erase(slot.edition);
  free_.push_back(number);
}

}  // namespace liquid::cache
