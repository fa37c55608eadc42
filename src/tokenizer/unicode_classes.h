#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace liquid::tokenizer {

/// What regular expressions and Python say about a code point, by Unicode 16: bits of a byte.
inline constexpr std::uint8_t kLetter = 1;      ///< \p{L}
inline constexpr std::uint8_t kNumber = 2;      ///< \p{N}
inline constexpr std::uint8_t kSpace = 4;       ///< \s
inline constexpr std::uint8_t kWord = 8;        ///< \w
inline constexpr std::uint8_t kPrintable = 16;  ///< Python's str.isprintable()

/// The classes of all code points: a page of 256 for each different row of the code space. Made
/// once, read by any thread.
class UnicodeClasses {
 public:
  static const UnicodeClasses& table();

  /// `code_point` must be below 0x110000.
  std::uint8_t operator[](char32_t code_point) const {
    return pages_[page_of_[code_point >> 8U]][code_point & 0xFFU];
  }

 private:
  using Page = std::array<std::uint8_t, 256>;
  UnicodeClasses();

  std::array<std::uint16_t, 0x1100> page_of_{};
  std::vector<Page> pages_;
};

/// A code point and the bytes it takes.
struct Scalar {
  char32_t value = 0;
  std::uint32_t length = 0;
};

/// The code point at `at`, which must begin one of well-formed UTF-8.
inline Scalar scalar_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[at + offset]));
  };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xE0) return {((lead & 0x1FU) << 6U) | (byte(1) & 0x3FU), 2};
  if (lead < 0xF0) {
    return {((lead & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU), 3};
  }
  return {((lead & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) | ((byte(2) & 0x3FU) << 6U) |
              (byte(3) & 0x3FU),
          4};
}

/// Where the code point that ends before `end` begins; `end` must not be 0.
inline std::size_t start_of_last_scalar(std::string_view text, std::size_t end) {
  std::size_t at = end - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
  return at;
}

}  // namespace liquid::tokenizer
