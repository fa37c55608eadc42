#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace liquid::tokenizer {

/// GPT-2's way to write any byte as a visible letter: printable Latin-1 stands for itself, the 68
/// others for U+0100 and on (blank is "Ġ", line feed "Ċ").
char32_t letter_of(std::uint8_t byte);

/// "\x20the" → "Ġthe".
std::string to_letters(std::string_view bytes);

/// "Ġthe" → "\x20the". Nothing when a letter is none of the alphabet. `letters` must be UTF-8.
std::optional<std::string> from_letters(std::string_view letters);

}  // namespace liquid::tokenizer
