#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace liquid::corpus {

/// Number of tokens: runs of up to 32 word characters, and single other printing characters. In
/// scripts that write no blanks between words (Chinese, Japanese, Thai, …) every character is a
/// token. `text` must be well-formed UTF-8.
std::size_t count_tokens(std::string_view text);

/// Byte offset at which each token starts.
std::vector<std::size_t> token_starts(std::string_view text);

}  // namespace liquid::corpus
