#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace liquid::corpus {

/// Bytes of a file as UTF-8. `bom` is the length of a byte order mark at its start (0 or 3).
struct Utf8Text {
  std::string text;
  std::size_t bom = 0;
};

/// UTF-8 passes as it is; UTF-16 with a byte order mark and Western 8-bit text (Windows-1252, which
/// contains Latin-1) are converted.
/// Errors: data_corrupt (not text at all, UTF-8 or UTF-16 with broken characters, another 8-bit
/// encoding); the message names the first offending byte.
Result<Utf8Text> to_utf8(std::string bytes);

}  // namespace liquid::corpus
