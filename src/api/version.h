#pragma once

#include <string_view>

namespace liquid::api {

/// Of the program, as CMake's `project` says it.
#ifdef LIQUID_VERSION
inline constexpr std::string_view kVersion = LIQUID_VERSION;
#else
inline constexpr std::string_view kVersion = "0.0.0";
#endif

}  // namespace liquid::api
