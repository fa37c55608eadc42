#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

// Paths of artifacts, relative to a root, and how they stand in URLs.

namespace liquid::tracking::artifacts {

/// Refuses with invalid_argument what could leave the root or mean different things to different
/// stores (the grammar stands in the source). "" is the root.
Result<void> check_path(std::string_view path);
/// The same, and the root is refused too.
Result<void> check_path_below_root(std::string_view path);

/// "a/b" of "a" and "b"; either may be empty.
std::string join(std::string_view folder, std::string_view path);
/// What stands behind the last '/'.
std::string_view base_name(std::string_view path);
/// What stands before it; empty when there is none.
std::string_view parent_of(std::string_view path);

/// Everything but unreserved characters (RFC 3986) and '/' as %XX, upper case.
std::string encode_path(std::string_view path);
/// Percent-decoded until nothing changes, as MLflow's servers do with what they get.
std::string decode_fully(std::string_view text);

}  // namespace liquid::tracking::artifacts
