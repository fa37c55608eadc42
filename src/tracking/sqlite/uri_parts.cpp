#include "tracking/sqlite/uri_parts.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "tracking/text_coding.h"

namespace liquid::tracking::sqlite {
namespace {

bool is_scheme(std::string_view text) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
  };
  return !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), allowed);
}

std::string joined(std::string_view folder, std::string_view path) {
  std::string out(folder);
  if (out.empty()) return std::string(path);
  if (!out.ends_with('/')) out += '/';
  return out.append(path);
}

}  // namespace

UriParts uri_parts(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || !is_scheme(uri.substr(0, colon))) {
    return {.scheme = {}, .authority = {}, .path = uri, .rest = {}};
  }
  UriParts parts;
  parts.scheme = uri.substr(0, colon);
  std::string_view left = uri.substr(colon + 1);
  if (left.starts_with("//")) {
    left.remove_prefix(2);
    parts.authority = left.substr(0, left.find_first_of("/?#"));
    left.remove_prefix(parts.authority.size());
  }
  parts.path = left.substr(0, left.find_first_of("?#"));
  parts.rest = left.substr(parts.path.size());
  return parts;
}

bool is_local_uri(std::string_view uri) {
  const UriParts parts = uri_parts(uri);
  return parts.scheme.empty() || parts.scheme == "file";
}

std::string local_path(std::string_view uri) { return percent_decoded(uri_parts(uri).path); }

std::string append_to_uri(std::string_view uri, std::string_view path) {
  const UriParts parts = uri_parts(uri);
  if (parts.scheme.empty()) return joined(uri, path);
  std::string out(parts.scheme);
  out += ':';
  // Python's urlunparse gives file: URIs their empty authority back.
  const bool rooted_file = parts.scheme == "file" && parts.path.starts_with('/');
  if (!parts.authority.empty() || rooted_file) out.append("//").append(parts.authority);
  const std::string below = joined(parts.path, path);
  if (!parts.authority.empty() && !below.starts_with('/')) out += '/';
  return out.append(below).append(parts.rest);
}

}  // namespace liquid::tracking::sqlite
