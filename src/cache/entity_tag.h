#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace liquid::cache {

/// A strong validator (RFC 9110, 8.8.3): equal bodies have equal tags on every server. The first
/// 128 bits of the body's SHA-256, written as 22 characters of base64url.
class EntityTag {
 public:
  static constexpr std::size_t kTextSize = 24;  ///< With its quotes.

  EntityTag() = default;
  static EntityTag of(std::string_view body);

  bool operator==(const EntityTag&) const = default;
  void append_to(std::string& out) const;
  std::string text() const;

 private:
  std::array<std::uint8_t, 16> bits_{};
};

/// What `*` of an If-None-Match means: it fits any answer that exists already.
enum class Wildcard { matches, ignored };

/// True when one of the tags listed in an If-None-Match value is `tag`. The comparison is weak (RFC
/// 9110, 13.1.2): a W/ in front changes nothing. A malformed rest of the list matches nothing.
bool if_none_match(std::string_view header_value, const EntityTag& tag, Wildcard wildcard);

}  // namespace liquid::cache
