#include "tracking/rest/address.h"

#include <algorithm>

#include "tracking/text_coding.h"

namespace liquid::tracking::rest {
namespace {

constexpr std::string_view kExpected =
    ", expected http://host[:port][/prefix] or https://…, without query or fragment";

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

std::string authorization(const Address& address, const ServerAccess& access) {
  const bool named = !access.username.empty() && !access.password.empty();
  const std::string& user = named ? access.username : address.username;
  const std::string& password = named ? access.password : address.password;
  if (named || !user.empty()) return "Basic " + base64(user + ":" + password);
  return access.token.empty() ? "" : "Bearer " + access.token;
}

}  // namespace liquid::tracking::rest
