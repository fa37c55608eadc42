#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/matrix.h"

namespace liquid::kernels {

/// [begin, end) of the document that position t lies in.
struct Document {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

inline Document document_of(Borders borders, std::int64_t t) {
  const auto after = std::upper_bound(borders.begin(), borders.end(), t);
  return {*(after - 1), *after};
}

}  // namespace liquid::kernels
