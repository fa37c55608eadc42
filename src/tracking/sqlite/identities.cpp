#include "tracking/sqlite/identities.h"

#include <array>
#include <cstdint>
#include <random>

namespace liquid::tracking::sqlite {
namespace {

/// Straight from the operating system: ids must differ between processes and after a fork.
std::uint64_t random_bits() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

void append_hex(std::string& out, std::uint64_t bits) {
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[(bits >> shift) & 0xFU];
}

}  // namespace

std::string new_uuid() {
  const std::uint64_t high = (random_bits() & ~0xF000ULL) | 0x4000ULL;  // RFC 4122: version 4
  const std::uint64_t low = (random_bits() >> 2U) | (1ULL << 63U);      // variant 10
  std::string text;
  append_hex(text, high);
  append_hex(text, low);
  return text;
}

}  // namespace liquid::tracking::sqlite
