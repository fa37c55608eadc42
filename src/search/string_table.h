#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "search/string_list.h"

namespace liquid::search {

/// Distinct strings, numbered in the order they came: a hash table with open addressing (twice as
/// fast as std::unordered_map here, which indexing spends a third of its time in). Holds less than
/// 4 GiB of text.
class StringTable {
 public:
  std::size_t size() const { return strings_.size(); }
  std::string_view operator[](std::size_t number) const { return strings_[number]; }

  struct Found {
    std::uint32_t number = 0;
    bool added = false;
  };
  /// The string's number; adds it when it is new.
  Found number_of(std::string_view text) {
    if ((strings_.size() + 1) * 2 > slots_.size()) grow();
    const std::uint64_t hash = hash64(text, process_seed());
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    std::size_t at = hash & (slots_.size() - 1);
    for (; slots_[at].entry != 0; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].tag == tag && strings_[slots_[at].entry - 1] == text) {
        return {slots_[at].entry - 1, false};
      }
    }
    if (!strings_.push_back(text)) return {};
    slots_[at] = {static_cast<std::uint32_t>(strings_.size()), tag};
    return {slots_[at].entry - 1, true};
  }

  void clear() { *this = StringTable(); }

 private:
  struct Slot {
    std::uint32_t entry = 0;  // number + 1; 0 is free
    std::uint32_t tag = 0;    // upper half of the hash
  };

  void grow() {
    slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, {});
    for (std::size_t i = 0; i < strings_.size(); ++i) {
      const std::uint64_t hash = hash64(strings_[i], process_seed());
      std::size_t at = hash & (slots_.size() - 1);
      while (slots_[at].entry != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = {static_cast<std::uint32_t>(i + 1), static_cast<std::uint32_t>(hash >> 32)};
    }
  }

  StringList strings_;
  std::vector<Slot> slots_;  // a power of two, at most half full
};

}  // namespace liquid::search
