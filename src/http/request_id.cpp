#include "http/request_id.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "base/digest.h"

namespace liquid::http {
namespace {

constexpr std::size_t kMaxOfferedBytes = 64;

bool is_id_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
         c == '_' || c == '.';
}

bool is_clean(std::string_view text) {
  return !text.empty() && text.size() <= kMaxOfferedBytes &&
         std::all_of(text.begin(), text.end(), is_id_char);
}

// A bijection of 64 bits (the finaliser of SplitMix64): different numbers stay different and look
// unrelated.
std::uint64_t scramble(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xBF58476D1CE4E5B9U;
  x ^= x >> 27;
  x *= 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> counter{process_seed()};
  return counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void choose_request_id(std::string_view offered, std::string& id) {
  if (is_clean(offered)) {
    id.assign(offered);
    return;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 16> text{};
  std::uint64_t number = scramble(next_number());
  for (char& digit : text) {
    digit = kDigits[number >> 60];
    number <<= 4;
  }
  id.assign(text.data(), text.size());
}

}  // namespace liquid::http
