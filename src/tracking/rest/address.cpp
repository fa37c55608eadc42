#include "tracking/rest/address.h"

#include <algorithm>

namespace liquid::tracking::rest {
namespace {

constexpr std::string_view kExpected =
    ", expected http://host[:port][/prefix] or https://…, without query or fragment";

bool is_unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                        hex_value(text[i + 2]) >= 0;
    decoded +=
        escape ? static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])) : text[i];
    if (escape) i += 2;
  }
  return decoded;
}

// Of the scheme in lower case with "://"; 0 when it is neither http nor https.
std::size_t scheme_length(std::string_view uri) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (uri.size() < scheme.size()) continue;
    if (std::equal(scheme.begin(), scheme.end(), uri.begin(), [](char wanted, char c) {
          return wanted == (c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
        })) {
      return scheme.size();
    }
  }
  return 0;
}

bool is_odd(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '\\'; }

}  // namespace

Result<Address> parse_address(std::string_view uri) {
  const std::size_t start = scheme_length(uri);
  const std::size_t path = std::min(uri.find_first_of("/?#", start), uri.size());
  std::string_view authority = uri.substr(start, path - start);
  std::string_view user;
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    user = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  std::string_view prefix = uri.substr(path);
  while (!prefix.empty() && prefix.back() == '/') prefix.remove_suffix(1);
  Address address{.base = start == 8 ? "https://" : "http://", .username = {}, .password = {}};
  address.base += std::string(authority) + std::string(prefix);
  const bool odd = std::any_of(uri.begin(), uri.end(), is_odd);
  if (start == 0 || authority.empty() || authority.front() == ':' || odd ||
      prefix.find_first_of("?#") != std::string_view::npos) {
    const std::string shown =
        start == 0 ? std::string(uri.substr(uri.rfind('@') + 1)) : address.base;
    return Error{ErrorCode::invalid_argument,
                 "tracking URI \"" + shown + "\"" + std::string(kExpected)};
  }
  const std::size_t colon = std::min(user.find(':'), user.size());
  address.username = percent_decoded(user.substr(0, colon));
  if (colon < user.size()) address.password = percent_decoded(user.substr(colon + 1));
  return address;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(byte)) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kHex[byte >> 4U];
      encoded += kHex[byte & 15U];
    }
  }
  return encoded;
}

}  // namespace liquid::tracking::rest
