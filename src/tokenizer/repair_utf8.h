#pragma once

#include <string>
#include <string_view>

namespace liquid::tokenizer {

/// The text with each maximal part that is not UTF-8 replaced by U+FFFD (Unicode's recommended
/// practice; what Rust's `from_utf8_lossy` and Python's errors="replace" do).
std::string repair_utf8(std::string_view bytes);

}  // namespace liquid::tokenizer
