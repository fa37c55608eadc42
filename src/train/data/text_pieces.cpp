#include "train/data/text_pieces.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "lfm2/batch.h"

namespace liquid::train {
namespace {

using tokenizer::TokenId;
using tokenizer::TokenSpan;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The end of the paragraph that begins at `at`: behind the empty lines that follow it. No token
// reaches across, for a run of white space with line breaks is a word of its own up to its last
// line break, so tokens of paragraphs are the tokens of the text.
std::size_t end_of_paragraph(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const std::size_t newline = text.find('\n', at);
    if (newline == text.npos) return text.size();
    std::size_t last = newline;
    std::size_t breaks = 1;
    std::size_t next = newline + 1;
    for (; next < text.size() && is_space(text[next]); ++next) {
      if (text[next] != '\n') continue;
      last = next;
      ++breaks;
    }
    if (breaks > 1 || next == text.size()) return next == text.size() ? next : last + 1;
    at = next;
  }
  return text.size();
}

class Cutter {
 public:
  Cutter(const tokenizer::Tokenizer& tokenizer, std::size_t room,
         const std::function<void(Sample)>& sink)
      : tokenizer_(tokenizer), room_(room), sink_(sink) {}

  void take(std::string_view paragraph) {
    const std::vector<TokenSpan> spans = tokenizer_.encode_spans(paragraph);
    if (piece_.size() + spans.size() > room_) flush();
    std::size_t begin = 0;
    while (spans.size() - begin > room_) {
      const std::size_t end = cut_in(paragraph, spans, begin);
      append(spans, begin, end);
      flush();
      begin = end;
    }
    append(spans, begin, spans.size());
  }

  void finish() {
    if (piece_.empty()) return;
    if (const std::optional<TokenId> end = tokenizer_.eos()) piece_.push_back(*end);
    flush();
  }

 private:
  void append(const std::vector<TokenSpan>& spans, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) piece_.push_back(spans[i].id);
  }

  // Behind the last line break that fits, else as late as possible.
  std::size_t cut_in(std::string_view paragraph, const std::vector<TokenSpan>& spans,
                     std::size_t begin) const {
    for (std::size_t end = begin + room_; end > begin; --end) {
      if (paragraph[spans[end - 1].end - 1] == '\n') return end;
    }
    return begin + room_;
  }

  void flush() {
    if (piece_.empty()) return;
    Sample sample;
    const auto prefix = tokenizer_.prefix();
    sample.ids.assign(prefix.begin(), prefix.end());
    sample.ids.insert(sample.ids.end(), piece_.begin(), piece_.end());
    sample.labels = sample.ids;
    sample.labels.front() = lfm2::kIgnoredLabel;
    piece_.clear();
    sink_(std::move(sample));
  }

  const tokenizer::Tokenizer& tokenizer_;
  const std::size_t room_;  // tokens of a piece without prefix and end token
  const std::function<void(Sample)>& sink_;
  std::vector<TokenId> piece_;
};

}  // namespace

void cut_text(std::string_view text, const tokenizer::Tokenizer& tokenizer, std::int32_t max_length,
              const std::function<void(Sample)>& sink) {
  const std::size_t around = tokenizer.prefix().size() + 1;
  const auto limit = static_cast<std::size_t>(std::max(max_length, 1));
  Cutter cutter(tokenizer, limit > around ? limit - around : 1, sink);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_paragraph(text, at);
    cutter.take(text.substr(at, end - at));
    at = end;
  }
  cutter.finish();
}

}  // namespace liquid::train
