#include "tokenizer/byte_alphabet.h"

#include <array>
#include <cstddef>

#include "base/unicode.h"
#include "tokenizer/unicode_classes.h"

namespace liquid::tokenizer {
namespace {

constexpr std::size_t kLetters = 256 + 68;

struct Alphabet {
  std::array<char32_t, 256> letter_of_byte{};
  std::array<std::int16_t, kLetters> byte_of_letter{};
};

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
}

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  alphabet.byte_of_letter.fill(-1);
  char32_t spare = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char32_t letter = stands_for_itself(byte) ? static_cast<char32_t>(byte) : spare++;
    alphabet.letter_of_byte[byte] = letter;
    alphabet.byte_of_letter[letter] = static_cast<std::int16_t>(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

}  // namespace

char32_t letter_of(std::uint8_t byte) { return kAlphabet.letter_of_byte[byte]; }

std::string to_letters(std::string_view bytes) {
  std::string letters;
  letters.reserve(bytes.size() * 2);
  for (const char byte : bytes) append_utf8(letters, letter_of(static_cast<std::uint8_t>(byte)));
  return letters;
}

std::optional<std::string> from_letters(std::string_view letters) {
  std::string bytes;
  bytes.reserve(letters.size());
  for (std::size_t at = 0; at < letters.size();) {
    const Scalar letter = scalar_at(letters, at);
    const int byte = letter.value < kLetters ? kAlphabet.byte_of_letter[letter.value] : -1;
    if (byte < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
    at += letter.length;
  }
  return bytes;
}

}  // namespace liquid::tokenizer
