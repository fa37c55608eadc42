#include "api/tenant_keys.h"

#include <algorithm>

namespace liquid::api {
namespace {

constexpr std::string_view kBlank = " \t\r";
constexpr std::string_view kHashed = "sha256:";
constexpr std::size_t kLeastKeyBytes = 8;
constexpr std::size_t kMaxNameBytes = 64;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool is_tenant_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes || name == "public" || name == "admin") {
    return false;
  }
  return name.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
             "0123456789._-") == std::string_view::npos;
}

Error wrong_line(std::size_t number, std::string_view reason) {
  return {ErrorCode::invalid_argument,
          "line " + std::to_string(number) + ": " + std::string(reason)};
}

Result<Digest> key_digest(std::string_view key, std::size_t line) {
  if (key.substr(0, kHashed.size()) == kHashed) {
    const auto digest = Digest::from_hex(key.substr(kHashed.size()));
    if (!digest) return wrong_line(line, "expected 64 hexadecimal digits behind 'sha256:'");
    return *digest;
  }
  const auto visible = [](char c) { return c > 0x20 && c < 0x7F; };
  if (!std::all_of(key.begin(), key.end(), visible)) {
    return wrong_line(line, "a key is made of visible ASCII characters");
  }
  if (key.size() < kLeastKeyBytes) return wrong_line(line, "a key needs at least 8 characters");
  return sha256(key);
}

}  // namespace

Result<TenantKeys> parse_tenant_keys(std::string_view text) {
  TenantKeys keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;

    const std::size_t gap = line.find_first_of(kBlank);
    if (gap == std::string_view::npos) return wrong_line(number, "expected a tenant and a key");
    const std::string_view name = line.substr(0, gap);
    const std::string_view key = trimmed(line.substr(gap));
    if (!is_tenant_name(name)) {
      return wrong_line(number, "'" + std::string(name.substr(0, kMaxNameBytes)) +
                                    "' is not a tenant's name (letters, digits, '.', '_', '-', at "
                                    "most 64; not 'public' or 'admin')");
    }
    if (key.find_first_of(kBlank) != std::string_view::npos) {
      return wrong_line(number, "expected one key, without blanks");
    }
    auto digest = key_digest(key, number);
    if (!digest) return std::move(digest).error();
    if (!keys.emplace(*digest, name).second) return wrong_line(number, "this key stands twice");
  }
  return keys;
}

}  // namespace liquid::api
