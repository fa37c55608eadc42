#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace liquid::http {

/// Offset of the first control character (0x00–0x1F without HTAB, and 0x7F) at or behind `from`;
/// `text.size()` when there is none. Sixteen bytes per step where SSE2 is there.
std::size_t find_control(std::string_view text, std::size_t from);

namespace detail {

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}
inline constexpr std::array<bool, 256> kTokenTable = make_token_table();

}  // namespace detail

/// RFC 9110 `tchar`: what methods and header names are made of.
inline bool is_token_char(char c) { return detail::kTokenTable[static_cast<unsigned char>(c)]; }

/// Offset of the first character that is no `tchar`; `text.size()` when there is none.
inline std::size_t token_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_token_char(text[length])) ++length;
  return length;
}

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Without blanks (SP, HTAB) at either end.
inline std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace liquid::http
