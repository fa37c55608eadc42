#include "corpus/text.h"

#include <algorithm>
#include <utility>

#include "corpus/formats.h"
#include "corpus/inline_text.h"

namespace liquid::corpus {
namespace {

struct Line {
  std::string_view text;
  std::uint64_t offset = 0;  // in the stretch
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\v\f");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\v\f") - first + 1);
}

// The next line from `position` on; moves `position` behind its end (LF, CR LF or CR).
Line next_line(std::string_view text, std::size_t& position) {
  const std::size_t end = std::min(text.find_first_of("\r\n", position), text.size());
  const Line line{text.substr(position, end - position), position};
  position = end;
  if (position < text.size()) {
    position += text.substr(position).starts_with("\r\n") ? 2u : 1u;
  }
  return line;
}

bool is_indented(const Line& line) {
  return line.text.starts_with("    ") || line.text.starts_with("\t");
}

// Columns: a tab, a bar or three blanks between words.
bool has_columns(const Line& line) {
  const std::string_view text = trimmed(line.text);
  return text.find_first_of("\t|") != std::string_view::npos ||
         text.find("   ") != std::string_view::npos;
}

bool starts_list_item(const Line& line) {
  const std::string_view text = trimmed(line.text);
  for (const std::string_view bullet : {"- ", "* ", "+ ", "\xE2\x80\xA2"}) {
    if (text.starts_with(bullet)) return true;
  }
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || digits > 3) return false;
  return text.substr(digits).starts_with(". ") || text.substr(digits).starts_with(") ");
}

/// Turns runs of lines without a blank line between them into blocks.
class TextBlocks {
 public:
  TextBlocks(const TextPlace& place, std::vector<Block>& blocks) : place_(place), blocks_(blocks) {}

  void add(const Line& line) { run_.push_back(line); }

  void end_run() {
    if (run_.empty()) return;
    if (std::all_of(run_.begin(), run_.end(), is_indented)) {
      as_written(BlockKind::code);
    } else if (run_.size() > 1 && std::all_of(run_.begin(), run_.end(), has_columns)) {
      as_written(BlockKind::table);
    } else {
      as_prose();
    }
    run_.clear();
  }

 private:
  ByteSpan span_of(const Line& line) const {
    const std::uint64_t begin = place_.offset + line.offset;
    return {begin, begin + line.text.size()};
  }

  void as_written(BlockKind kind) {
    for (const Line& line : run_) {
      text_.append_verbatim(line.text, span_of(line));
      text_.separate("\n");
    }
    emit(kind);
  }

  void as_prose() {
    BlockKind kind = BlockKind::paragraph;
    for (const Line& line : run_) {
      if (starts_list_item(line)) {
        emit(kind);
        kind = BlockKind::list_item;
      }
      text_.append(line.text, span_of(line));
      text_.append(" ", {});
    }
    emit(kind);
  }

  void emit(BlockKind kind) {
    Block block = text_.take(kind);
    if (block.text.empty()) return;
    block.page = place_.page;
    blocks_.push_back(std::move(block));
  }

  const TextPlace& place_;
  std::vector<Block>& blocks_;
  std::vector<Line> run_;
  InlineText text_;
};

}  // namespace

void append_text_blocks(std::string_view text, const TextPlace& place, std::vector<Block>& blocks) {
  TextBlocks runs(place, blocks);
  std::size_t position = 0;
  while (position < text.size()) {
    const Line line = next_line(text, position);
    if (trimmed(line.text).empty()) {
      runs.end_run();
    } else {
      runs.add(line);
    }
  }
  runs.end_run();
}

Result<Content> parse_text(std::string_view text) {
  Content content;
  append_text_blocks(text, {}, content.blocks);
  return content;
}

}  // namespace liquid::corpus
