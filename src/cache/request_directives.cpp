// Cache-Control      = #cache-directive
// cache-directive    = token [ "=" ( token / quoted-string ) ]        (RFC 9111, 5.2)
#include "cache/request_directives.h"

#include <algorithm>
#include <charconv>

#include "http/scan.h"

namespace liquid::cache {
namespace {

// A century: longer than any entry lives, and far from the end of a nanosecond clock.
constexpr std::chrono::seconds kLongest{100LL * 366 * 24 * 3600};

/// Up to the next comma that is not inside quotes.
std::size_t directive_length(std::string_view list) {
  bool quoted = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (quoted && list[i] == '\\') {
      ++i;
    } else if (list[i] == '"') {
      quoted = !quoted;
    } else if (list[i] == ',' && !quoted) {
      return i;
    }
  }
  return list.size();
}

/// delta-seconds, quoted or not; too large a number means the longest time (RFC 9111, 1.2.2).
std::optional<std::chrono::seconds> parse_seconds(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  std::chrono::seconds::rep count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  if (parsed.ec == std::errc::result_out_of_range) return kLongest;
  return std::min(std::chrono::seconds(count), kLongest);
}

void add_directive(std::string_view directive, RequestDirectives& directives) {
  const std::size_t equals = directive.find('=');
  const std::string_view name = http::trim_blanks(directive.substr(0, equals));
  if (equals == std::string_view::npos) {
    if (http::equals_ignoring_case(name, "no-cache")) directives.no_cache = true;
    if (http::equals_ignoring_case(name, "no-store")) directives.no_store = true;
    if (http::equals_ignoring_case(name, "only-if-cached")) directives.only_if_cached = true;
    return;
  }
  if (!http::equals_ignoring_case(name, "max-age")) return;
  const auto age = parse_seconds(http::trim_blanks(directive.substr(equals + 1)));
  if (age) directives.max_age = directives.max_age ? std::min(*directives.max_age, *age) : *age;
}

}  // namespace

void add_cache_control(std::string_view value, RequestDirectives& directives) {
  while (!value.empty()) {
    const std::size_t length = directive_length(value);
    add_directive(value.substr(0, length), directives);
    value.remove_prefix(std::min(length + 1, value.size()));
  }
}

CacheHeaders read_cache_headers(const http::Request& request) {
  CacheHeaders found;
  bool has_cache_control = false;
  std::string_view pragma;
  // Lengths first: most headers are passed over with one comparison.
  for (const http::HeaderField& field : request.headers) {
    switch (field.name.size()) {
      case 6:
        if (http::equals_ignoring_case(field.name, "Pragma")) pragma = field.value;
        break;
      case 12:
        if (http::equals_ignoring_case(field.name, "Content-Type"))
          found.content_type = field.value;
        break;
      case 13:
        if (http::equals_ignoring_case(field.name, "Cache-Control")) {
          has_cache_control = true;
          add_cache_control(field.value, found.directives);
        } else if (http::equals_ignoring_case(field.name, "If-None-Match")) {
          found.if_none_match = field.value;
        }
        break;
      case 16:
        if (http::equals_ignoring_case(field.name, "Content-Encoding")) {
          found.has_content_encoding = true;
        }
        break;
    }
  }
  if (!has_cache_control && http::equals_ignoring_case(http::trim_blanks(pragma), "no-cache")) {
    found.directives.no_cache = true;
  }
  return found;
}

}  // namespace liquid::cache
