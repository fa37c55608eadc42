#include "tokenizer/repair_utf8.h"

#include <cstddef>

// A part is well-formed by table 3-7 of the Unicode standard; a wrong part is the longest beginning
// of a well-formed one, or a single byte.
//
//   00..7F
//   C2..DF 80..BF
//   E0     A0..BF 80..BF          E1..EC, EE, EF 80..BF 80..BF        ED 80..9F 80..BF
//   F0     90..BF 80..BF 80..BF   F1..F3 80..BF 80..BF 80..BF         F4 80..8F 80..BF 80..BF

namespace liquid::tokenizer {
namespace {

struct Part {
  std::size_t length = 1;
  bool well_formed = false;
};

struct Lead {
  std::size_t length = 0;  // 0: no sequence begins like this
  unsigned char least = 0x80;
  unsigned char most = 0xBF;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2 || byte > 0xF4) return {};
  if (byte < 0xE0) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {4};
}

Part part_at(std::string_view bytes, std::size_t at) {
  const Lead lead = lead_of(static_cast<unsigned char>(bytes[at]));
  if (lead.length == 0) return {};
  for (std::size_t i = 1; i < lead.length; ++i) {
    if (at + i == bytes.size()) return {i, false};
    const auto byte = static_cast<unsigned char>(bytes[at + i]);
    const unsigned char least = i == 1 ? lead.least : 0x80;
    const unsigned char most = i == 1 ? lead.most : 0xBF;
    if (byte < least || byte > most) return {i, false};
  }
  return {lead.length, true};
}

}  // namespace

std::string repair_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const Part part = part_at(bytes, at);
    if (part.well_formed) {
      text.append(bytes.substr(at, part.length));
    } else {
      text.append("\uFFFD");
    }
    at += part.length;
  }
  return text;
}

}  // namespace liquid::tokenizer
