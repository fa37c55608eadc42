#include "corpus/encoding.h"

#include <array>
#include <string_view>

#include "base/unicode.h"

namespace liquid::corpus {
namespace {

enum class ByteOrder { little, big };

Error not_text(std::string reason) { return Error{ErrorCode::data_corrupt, std::move(reason)}; }

std::string at_byte(std::size_t offset) { return " at byte " + std::to_string(offset); }

bool is_control(unsigned char byte) {
  const bool common = (byte >= '\t' && byte <= '\r') || byte == 0x1B || byte == 0x1A;
  return (byte < 0x20 && !common) || byte == 0x7F;
}

// What the bytes 0x80–0x9F mean in Windows-1252; 0 = nothing.
constexpr std::array<char32_t, 32> kWindows1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

char32_t from_windows1252(unsigned char byte) {
  return byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80u] : byte;
}

char32_t unit_at(std::string_view bytes, std::size_t offset, ByteOrder order) {
  const auto first = static_cast<unsigned char>(bytes[offset]);
  const auto second = static_cast<unsigned char>(bytes[offset + 1]);
  return order == ByteOrder::little ? static_cast<char32_t>(first | (second << 8))
                                    : static_cast<char32_t>((first << 8) | second);
}

bool is_high_surrogate(char32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(char32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

Result<Utf8Text> from_utf16(std::string_view bytes, ByteOrder order) {
  Utf8Text converted;
  converted.text.reserve(bytes.size());
  if (bytes.size() % 2 != 0) return not_text("UTF-16 with an odd number of bytes");
  for (std::size_t offset = 2; offset < bytes.size(); offset += 2) {
    char32_t unit = unit_at(bytes, offset, order);
    if (unit == 0) return not_text("not text: NUL character" + at_byte(offset));
    if (is_high_surrogate(unit) && offset + 3 < bytes.size()) {
      const char32_t low = unit_at(bytes, offset + 2, order);
      if (!is_low_surrogate(low)) return not_text("broken UTF-16 pair" + at_byte(offset));
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
      offset += 2;
    } else if (is_high_surrogate(unit) || is_low_surrogate(unit)) {
      return not_text("broken UTF-16 pair" + at_byte(offset));
    }
    append_utf8(converted.text, unit);
  }
  return converted;
}

struct Census {
  std::size_t first_invalid = std::string::npos;
  std::size_t invalid_bytes = 0;
  std::size_t multi_byte_characters = 0;
  std::size_t high_bytes = 0;
  std::size_t unassigned = 0;
  std::size_t blanks = 0;
};

// How much of the text would be well-formed UTF-8, and how much Western 8-bit text.
Census take_census(std::string_view text) {
  Census census;
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t start = position;
    const auto byte = static_cast<unsigned char>(text[start]);
    if (byte == ' ' || byte == '\n') ++census.blanks;
    if (byte >= 0x80) {
      ++census.high_bytes;
      if (from_windows1252(byte) == 0) ++census.unassigned;
    }
    const char32_t code_point = next_code_point(text, position);
    if (code_point == U'\uFFFD' && position == start + 1) {
      if (census.invalid_bytes++ == 0) census.first_invalid = start;
    } else if (byte >= 0x80) {
      ++census.multi_byte_characters;
    }
  }
  return census;
}

Result<Utf8Text> from_windows1252(std::string_view text) {
  const Census census = take_census(text);
  const std::string where = at_byte(census.first_invalid);
  if (census.multi_byte_characters > census.invalid_bytes) {
    return not_text("broken UTF-8" + where);
  }
  // Western text is mostly ASCII letters; Cyrillic or Japanese 8-bit text is not, and guessing
  // wrong would fill the index with nonsense.
  if (census.unassigned > 0 || census.high_bytes * 3 > text.size() - census.blanks) {
    return not_text("neither UTF-8 nor Latin-1 text" + where + "; expected UTF-8");
  }
  Utf8Text converted;
  converted.text.reserve(text.size() + census.high_bytes);
  for (const char c : text) {
    append_utf8(converted.text, from_windows1252(static_cast<unsigned char>(c)));
  }
  return converted;
}

}  // namespace

Result<Utf8Text> to_utf8(std::string bytes) {
  const std::string_view view = bytes;
  if (view.starts_with(std::string_view("\xFF\xFE\0\0", 4)) ||
      view.starts_with(std::string_view("\0\0\xFE\xFF", 4))) {
    return not_text("UTF-32 text; expected UTF-8 or UTF-16");
  }
  if (view.starts_with("\xFF\xFE")) return from_utf16(view, ByteOrder::little);
  if (view.starts_with("\xFE\xFF")) return from_utf16(view, ByteOrder::big);
  std::size_t controls = 0;
  for (std::size_t offset = 0; offset < view.size(); ++offset) {
    const auto byte = static_cast<unsigned char>(view[offset]);
    if (byte == 0) return not_text("not text: NUL" + at_byte(offset));
    if (!is_control(byte)) continue;
    // A stray control character is in many logs and mails; one in two hundred bytes is a binary
    // file.
    if (++controls * 200 > view.size())
      return not_text("not text: control codes" + at_byte(offset));
  }
  if (!is_valid_utf8(view)) return from_windows1252(view);
  const std::size_t bom = view.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  return Utf8Text{std::move(bytes), bom};
}

}  // namespace liquid::corpus
