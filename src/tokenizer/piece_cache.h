#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace liquid::tokenizer {

/// Tokens of pieces seen lately. Words repeat: most of a text is found here.
///
/// Each piece has one place (a cache line) that the next piece with the same place takes over.
/// Pieces over 31 bytes or 7 tokens are never kept. For one thread at a time.
class PieceCache {
 public:
  /// 2^14 places of 64 bytes: 1 MiB stays in the second level cache of most processors; more places
  /// hit more seldom misses than they cause.
  explicit PieceCache(unsigned bits = 14) : shift_(64 - bits), slots_(std::size_t{1} << bits) {}

  /// A piece in the form in which it is compared.
  struct Key {
    std::array<std::uint64_t, 4> words{};
    bool operator==(const Key&) const = default;
  };
  static bool fits(std::string_view piece) { return piece.size() < sizeof(Key); }
  /// `piece` must fit.
  static Key key_of(std::string_view piece) {
    std::array<char, sizeof(Key)> bytes{};
    std::memcpy(bytes.data(), piece.data(), piece.size());
    bytes.back() = static_cast<char>(piece.size());
    return std::bit_cast<Key>(bytes);
  }

  /// Empty when the piece is not known.
  std::span<const TokenId> find(const Key& key) const {
    const Slot& slot = slots_[place_of(key)];
    if (slot.key != key) return {};
    return std::span(slot.ids).first(slot.count);
  }

  void insert(const Key& key, std::span<const TokenId> ids) {
    if (ids.empty() || ids.size() > kMaxIds) return;
    Slot& slot = slots_[place_of(key)];
    slot.key = key;
    slot.count = static_cast<std::uint32_t>(ids.size());
    std::copy(ids.begin(), ids.end(), slot.ids.begin());
  }

 private:
  static constexpr std::size_t kMaxIds = 7;
  struct alignas(64) Slot {
    Key key;
    std::array<TokenId, kMaxIds> ids{};
    std::uint32_t count = 0;
  };
  static_assert(sizeof(Slot) == 64);

  std::size_t place_of(const Key& key) const {
    std::uint64_t hash = 0;
    for (const std::uint64_t word : key.words) {
      hash = (std::rotl(hash, 23) ^ word) * 0x9E37'79B9'7F4A'7C15U;
    }
    return static_cast<std::size_t>(hash >> shift_);
  }

  unsigned shift_;
  std::vector<Slot> slots_;
};

}  // namespace liquid::tokenizer
