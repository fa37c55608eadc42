#include "cache/entity_tag.h"

#include <algorithm>

#include "base/digest.h"
#include "http/scan.h"

namespace liquid::cache {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using TagText = std::array<char, EntityTag::kTextSize>;

TagText write(const std::array<std::uint8_t, 16>& bits) {
  TagText text{};
  char* out = text.data();
  *out++ = '"';
  for (std::size_t i = 0; i + 3 <= bits.size(); i += 3) {
    const unsigned group = (unsigned{bits[i]} << 16) | (unsigned{bits[i + 1]} << 8) | bits[i + 2];
    *out++ = kAlphabet[group >> 18];
    *out++ = kAlphabet[(group >> 12) & 63];
    *out++ = kAlphabet[(group >> 6) & 63];
    *out++ = kAlphabet[group & 63];
  }
  *out++ = kAlphabet[bits[15] >> 2];
  *out++ = kAlphabet[(bits[15] & 3) << 4];
  *out = '"';
  return text;
}

/// Takes one tag with its quotes off the front of the list; empty when there is none.
std::string_view take_tag(std::string_view& list) {
  const std::size_t begin = list.find_first_not_of(" \t,");
  if (begin == std::string_view::npos) return {};
  list.remove_prefix(begin);
  if (list.starts_with("W/")) list.remove_prefix(2);
  if (!list.starts_with('"')) return {};
  const std::size_t end = list.find('"', 1);
  if (end == std::string_view::npos) return {};
  const std::string_view tag = list.substr(0, end + 1);
  list.remove_prefix(end + 1);
  return tag;
}

}  // namespace

EntityTag EntityTag::of(std::string_view body) {
  EntityTag tag;
  const Digest digest = sha256(body);
  std::copy_n(digest.bytes.begin(), tag.bits_.size(), tag.bits_.begin());
  return tag;
}

void EntityTag::append_to(std::string& out) const {
  const TagText text = write(bits_);
  out.append(text.data(), text.size());
}

std::string EntityTag::text() const {
  std::string out;
  append_to(out);
  return out;
}

bool if_none_match(std::string_view header_value, const EntityTag& tag, Wildcard wildcard) {
  std::string_view list = http::trim_blanks(header_value);
  if (list == "*") return wildcard == Wildcard::matches;
  const std::string wanted = tag.text();
  for (std::string_view listed = take_tag(list); !listed.empty(); listed = take_tag(list)) {
    if (listed == wanted) return true;
  }
  return false;
}

}  // namespace liquid::cache
