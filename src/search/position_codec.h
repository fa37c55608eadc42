#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace liquid::search {

// The positions of one posting are variable-length numbers (7 bits a byte, lowest first, high bit =
// goes on): (gap to the position before << 1) | (another one follows). The first gap counts from 0.

inline void append_varint(std::vector<std::uint8_t>& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

/// Reads a number of trusted bytes and moves `at` behind it.
inline std::uint64_t read_varint(std::span<const std::uint8_t> bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const std::uint8_t byte = bytes[at++];
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}

inline void append_position(std::vector<std::uint8_t>& out, std::uint32_t gap, std::uint32_t more) {
  append_varint(out, (static_cast<std::uint64_t>(gap) << 1) | more);
}

/// Moves `at` behind one posting's positions.
inline void skip_positions(std::span<const std::uint8_t> bytes, std::size_t& at) {
  while ((read_varint(bytes, at) & 1) != 0) {
  }
}

}  // namespace liquid::search
