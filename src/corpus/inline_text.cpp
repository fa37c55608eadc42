#include "corpus/inline_text.h"

#include <algorithm>
#include <utility>

namespace liquid::corpus {
namespace {

// Finer marks would cost more memory than the text itself.
constexpr std::size_t kMarkEveryBytes = 64;

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Length of the white space at `position`, 0 for none. The no-break space is the only one outside
// ASCII that markup is full of.
std::size_t blank_length(std::string_view text, std::size_t position) {
  if (is_blank(text[position])) return 1;
  return text.substr(position, 2) == "\xC2\xA0" ? 2 : 0;
}

}  // namespace

void InlineText::append(std::string_view text, ByteSpan source) {
  const bool same_bytes = source.end - source.begin == text.size();
  std::size_t position = 0;
  while (position < text.size()) {
    if (const std::size_t blank = blank_length(text, position)) {
      if (pending_.empty()) pending_ = " ";
      position += blank;
      continue;
    }
    const std::size_t start = position;
    while (position < text.size() && blank_length(text, position) == 0) ++position;
    join();
    if (same_bytes) {
      mark(source.begin + start);
      span_.end = std::max(span_.end, source.begin + position);
    } else {
      mark(source.begin);
      span_.end = std::max(span_.end, source.end);
    }
    text_.append(text.substr(start, position - start));
  }
}

void InlineText::append_verbatim(std::string_view text, ByteSpan source) {
  const bool same_bytes = source.end - source.begin == text.size();
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t line_end = std::min(text.find('\n', position), text.size() - 1) + 1;
    join();
    mark(same_bytes ? source.begin + position : source.begin);
    text_.append(text.substr(position, line_end - position));
    position = line_end;
  }
  span_.end = std::max(span_.end, source.end);
}

void InlineText::separate(std::string_view separator) {
  if (!text_.empty()) pending_ = separator;
}

void InlineText::join() {
  if (!text_.empty()) text_.append(pending_);
  pending_.clear();
}

void InlineText::mark(std::uint64_t source_offset) {
  if (text_.empty()) {
    span_ = {source_offset, source_offset};
    marks_.assign(1, {0, source_offset});
    last_source_ = source_offset;
    return;
  }
  span_.begin = std::min(span_.begin, source_offset);
  // A parser that moves text about (HTML tables) makes marks meaningless for this block.
  if (source_offset < last_source_) in_order_ = false;
  // Several pieces may only be known to start behind the same byte: the first of them has the mark.
  const bool moved = std::exchange(last_source_, source_offset) != source_offset;
  const bool due = text_.size() - marks_.back().text_offset >= kMarkEveryBytes;
  if (moved && (due || text_.back() == '\n')) marks_.push_back({text_.size(), source_offset});
}

Block InlineText::take(BlockKind kind) {
  Block block;
  block.kind = kind;
  while (!text_.empty() && is_blank(text_.back())) text_.pop_back();
  while (!marks_.empty() && marks_.back().text_offset >= text_.size()) marks_.pop_back();
  block.text = std::move(text_);
  block.span = span_;
  if (in_order_) block.marks = std::move(marks_);
  *this = InlineText();
  return block;
}

}  // namespace liquid::corpus
