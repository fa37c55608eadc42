#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace liquid {

/// True when the bytes are well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF).
bool is_valid_utf8(std::string_view bytes);

/// Reads one code point of well-formed UTF-8 at `position` and moves `position` behind it.
/// `position` must be below `text.size()`.
char32_t next_code_point(std::string_view text, std::size_t& position);

/// Appends the UTF-8 form of a code point.
void append_utf8(std::string& text, char32_t code_point);

/// Unicode normalisation form C. Nothing when `text` is not valid UTF-8.
std::optional<std::string> to_nfc(std::string_view text);

/// Case-folded compatibility form (NFKC_Casefold): "Ｆｏｏ" and "foo" are equal afterwards.
/// Nothing when `text` is not valid UTF-8.
std::optional<std::string> to_nfkc_casefold(std::string_view text);

/// Runs of Unicode white space become one blank; none at either end. `text` must be valid UTF-8.
std::string fold_white_space(std::string_view text);

/// Letters, digits and marks: what a word is made of.
bool is_word_code_point(char32_t code_point);

}  // namespace liquid
