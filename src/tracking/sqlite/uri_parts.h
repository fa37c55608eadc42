#pragma once

#include <string>
#include <string_view>

namespace liquid::tracking::sqlite {

/// `scheme:[//authority]path[?query][#fragment]`, cut and not changed. Views into what was cut.
struct UriParts {
  std::string_view scheme;  ///< Empty: no URI but a path, which then is all of it.
  std::string_view authority;
  std::string_view path;
  std::string_view rest;  ///< The query and fragment with their marks.
};

UriParts uri_parts(std::string_view uri);

/// Does it name something on this machine: a plain path or a `file:` URI?
bool is_local_uri(std::string_view uri);

/// The path that a plain path or a `file:` URI means, %XX decoded.
std::string local_path(std::string_view uri);

/// `path` (relative) below `uri`, before its query, as MLflow builds artifact locations.
std::string append_to_uri(std::string_view uri, std::string_view path);

}  // namespace liquid::tracking::sqlite
