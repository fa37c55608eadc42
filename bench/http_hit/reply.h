#pragma once

#include <cstddef>
#include <string>

/// The answer that all servers of this comparison send: JSON of 2 KB.
inline std::string bench_body() {
  constexpr std::size_t kBodyBytes = 2048;
  std::string body = R"({"answer":")";
  while (body.size() < kBodyBytes - 2) body += "The quick brown fox jumps over the lazy dog. ";
  body.resize(kBodyBytes - 2);
  return body + "\"}";
}
