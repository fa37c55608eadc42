#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/digest.h"

namespace liquid::cache {

/// What an answer was made under: the state of the documents and of everything else that shapes it.
struct Edition {
  Digest epoch;    ///< Of the index.
  Digest version;  ///< Of generator, settings and code.

  bool operator==(const Edition&) const = default;
};

/// Keeps each edition once, as entries share them: a number in an entry instead of 64 bytes. Not
/// synchronised.
class EditionTable {
 public:
  /// The number of this edition; each call needs a `release`.
  std::uint32_t acquire(const Edition& edition);
  void release(std::uint32_t number);
  const Edition& operator[](std::uint32_t number) const { return slots_[number].edition; }
  /// Editions in use.
  std::size_t size() const { return numbers_.size(); }

 private:
  struct Slot {
    Edition edition;
    std::size_t uses = 0;
  };
  struct Hash {
    std::size_t operator()(const Edition& edition) const noexcept {
      return std::hash<Digest>{}(edition.epoch) ^ std::hash<Digest>{}(edition.version);
    }
  };

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<Edition, std::uint32_t, Hash> numbers_;
};

}  // namespace liquid::cache
