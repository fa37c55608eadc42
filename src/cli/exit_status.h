#pragma once

#include <cstdio>

#include "base/result.h"

namespace liquid::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kBadUsage = 2;

/// Writes "liquid: message" to stderr.
inline int failure(const Error& error) {
  std::fprintf(stderr, "liquid: %s\n", error.message.c_str());
  return kFailure;
}

inline int bad_usage(const Error& error) {
  failure(error);
  return kBadUsage;
}

}  // namespace liquid::cli
