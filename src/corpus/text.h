#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "corpus/document.h"

namespace liquid::corpus {

/// Where a stretch of plain text lies: `offset` is added to every span.
struct TextPlace {
  std::uint64_t offset = 0;
  std::optional<std::uint32_t> page;
};

/// Appends the blocks of a stretch of plain text (a file, a PDF page, a JSONL row).
void append_text_blocks(std::string_view text, const TextPlace& place, std::vector<Block>& blocks);

}  // namespace liquid::corpus
