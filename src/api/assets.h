#pragma once

#include <string_view>
#include <vector>

namespace liquid::api {

/// A file of web/, compiled in.
struct Asset {
  std::string_view name;  ///< e.g. "docs.html"
  std::string_view text;
};
const std::vector<Asset>& assets();

}  // namespace liquid::api
