#include "corpus/document.h"

#include <algorithm>

namespace liquid::corpus {

ByteSpan source_span(const Block& block, std::size_t begin, std::size_t end) {
  ByteSpan span = block.span;
  const auto behind = std::upper_bound(
      block.marks.begin(), block.marks.end(), begin,
      [](std::uint64_t offset, const SourceMark& mark) { return offset < mark.text_offset; });
  if (behind != block.marks.begin()) span.begin = std::prev(behind)->source_offset;
  const auto next = std::lower_bound(
      block.marks.begin(), block.marks.end(), end,
      [](const SourceMark& mark, std::uint64_t offset) { return mark.text_offset < offset; });
  if (next != block.marks.end()) span.end = next->source_offset;
  return span;
}

void shift_spans(std::vector<Block>& blocks, std::uint64_t distance) {
  for (Block& block : blocks) {
    block.span.begin += distance;
    block.span.end += distance;
    for (SourceMark& mark : block.marks) mark.source_offset += distance;
  }
}

}  // namespace liquid::corpus
