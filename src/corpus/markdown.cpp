#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "corpus/formats.h"
#include "corpus/front_matter.h"
#include "corpus/heading_path.h"
#include "corpus/inline_text.h"

namespace liquid::corpus {
namespace {

// Real documents stay below ten; cmark takes time proportional to lines × depth.
constexpr std::size_t kMaxNesting = 100;

constexpr std::string_view kLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

struct FreeNode {
  void operator()(cmark_node* node) const { cmark_node_free(node); }
};
struct FreeParser {
  void operator()(cmark_parser* parser) const { cmark_parser_free(parser); }
};
struct FreeIterator {
  void operator()(cmark_iter* iterator) const { cmark_iter_free(iterator); }
};
using Tree = std::unique_ptr<cmark_node, FreeNode>;

// Only the table extension: strikethrough and autolink change no plain text but for the tildes, and
// in 0.29.0.gfm.6 they write to a table of special characters that all threads share.
Tree parse_tree(std::string_view text) {
  static std::once_flag registered;
  std::call_once(registered, cmark_gfm_core_extensions_ensure_registered);
  const std::unique_ptr<cmark_parser, FreeParser> parser(cmark_parser_new(CMARK_OPT_DEFAULT));
  cmark_parser_attach_syntax_extension(parser.get(), cmark_find_syntax_extension("table"));
  cmark_parser_feed(parser.get(), text.data(), text.size());
  return Tree(cmark_parser_finish(parser.get()));
}

// Offset of the first byte of each line, and the end of the text. A line ends as cmark sees it.
std::vector<std::uint64_t> line_starts(std::string_view text) {
  std::vector<std::uint64_t> starts{0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool ends = text[i] == '\n' || (text[i] == '\r' && text.substr(i + 1, 1) != "\n");
    if (ends) starts.push_back(i + 1);
  }
  starts.push_back(text.size());
  return starts;
}

// Containers can only be opened at the start of a line: count what could open one.
bool nests_too_deep(std::string_view text) {
  std::size_t openers = 0;
  bool at_line_start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') {
      at_line_start = true;
      openers = 0;
    } else if (at_line_start) {
      const bool opener = c == '>' || c == '-' || c == '*' || c == '+' || c == '.' || c == ')';
      const bool before_blank = text.substr(i + 1, 1) == " " || text.substr(i + 1, 1) == "\t";
      if (c == '>' || (opener && before_blank)) ++openers;
      at_line_start = opener || c == ' ' || c == '\t' || (c >= '0' && c <= '9');
      if (openers > kMaxNesting) return true;
    }
  }
  return false;
}

// Lists nest by indentation, too: deeper than this many columns before the first word.
bool indents_too_deep(std::string_view text) {
  std::size_t columns = 0;
  bool at_line_start = true;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      at_line_start = true;
      columns = 0;
    } else if (at_line_start) {
      at_line_start = c == ' ' || c == '\t';
      columns += c == '\t' ? 4 : 1;
      if (!at_line_start && columns > 8 * kMaxNesting && (c == '-' || c == '*' || c == '+')) {
        return true;
      }
    }
  }
  return false;
}

/// Walks the tree once, in reading order, and collects the blocks.
class MarkdownWalk {
 public:
  explicit MarkdownWalk(std::string_view text) : text_(text), lines_(line_starts(text)) {}

  Result<Content> run(cmark_node* root) {
    const std::unique_ptr<cmark_iter, FreeIterator> iterator(cmark_iter_new(root));
    for (;;) {
      const cmark_event_type event = cmark_iter_next(iterator.get());
      if (event == CMARK_EVENT_DONE) return std::move(content_);
      cmark_node* node = cmark_iter_get_node(iterator.get());
      if (event == CMARK_EVENT_EXIT) {
        leave(node);
      } else if (Result<void> entered = enter(node); !entered) {
        return std::move(entered).error();
      }
    }
  }

 private:
  Result<void> enter(cmark_node* node) {
    const cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_ITEM) ++items_;
    if (type == CMARK_NODE_TEXT) append_text(node);
    if (type == CMARK_NODE_CODE) inline_.append(literal(node), lines_of(node));
    if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK) inline_.append(" ", {});
    if (type == CMARK_NODE_HTML_INLINE && literal(node).starts_with("<br")) inline_.append(" ", {});
    if (type == CMARK_NODE_CODE_BLOCK) append_code(node);
    if (type == CMARK_NODE_HTML_BLOCK) return append_html(node);
    return {};
  }

  void leave(cmark_node* node) {
    const cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_ITEM) --items_;
    if (type == CMARK_NODE_PARAGRAPH) {
      emit(items_ > 0 ? BlockKind::list_item : BlockKind::paragraph, node);
    }
    if (type == CMARK_NODE_HEADING) emit_heading(node);
    leave_table(cmark_node_get_type_string(node), node);
  }

  // The table extension's node types have no constants in cmark's headers.
  void leave_table(std::string_view type, cmark_node* node) {
    if (type == "table_cell") inline_.separate(" | ");
    if (type == "table_header" || type == "table_row") inline_.separate("\n");
    if (type == "table") emit(BlockKind::table, node);
  }

  void append_text(cmark_node* node) {
    // ~~struck out~~ is text like any other.
    std::string_view text = literal(node);
    const ByteSpan lines = lines_of(node);
    for (std::size_t tildes; (tildes = text.find("~~")) != std::string_view::npos;) {
      inline_.append(text.substr(0, tildes), lines);
      text.remove_prefix(tildes + 2);
    }
    inline_.append(text, lines);
  }

  // Each line of a code block is one line of the source.
  void append_code(cmark_node* node) {
    int length = 0;
    int offset = 0;
    char fence = 0;
    int number = cmark_node_get_start_line(node);
    if (cmark_node_get_fenced(node, &length, &offset, &fence) != 0) ++number;
    for (std::string_view rest = literal(node); !rest.empty(); ++number) {
      const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
      inline_.append_verbatim(rest.substr(0, end), lines_between(number, number));
      rest.remove_prefix(end);
    }
    emit(BlockKind::code, node);
  }

  void emit(BlockKind kind, cmark_node* node) {
    Block block = inline_.take(kind);
    if (block.text.empty()) return;
    block.span = lines_of(node);
    if (!marks_hold(block)) block.marks.clear();
    block.section = headings_.path();
    content_.blocks.push_back(std::move(block));
  }

  void emit_heading(cmark_node* node) {
    if (inline_.empty()) return;
    const int level = cmark_node_get_heading_level(node);
    headings_.add(static_cast<std::size_t>(level), inline_.text());
    if (level == 1 && content_.title.empty()) content_.title = inline_.text();
    emit(BlockKind::heading, node);
  }

  // The HTML's own headings stay inside it: an unclosed tag must not change the page's structure.
  Result<void> append_html(cmark_node* node) {
    Result<Content> html = parse_html(literal(node));
    if (!html) return std::move(html).error();
    for (Block& block : html->blocks) {
      const std::vector<std::string> above = headings_.path();
      block.section.insert(block.section.begin(), above.begin(), above.end());
      block.span = lines_of(node);
      block.marks.clear();
      content_.blocks.push_back(std::move(block));
    }
    return {};
  }

  static std::string_view literal(cmark_node* node) {
    const char* text = cmark_node_get_literal(node);
    return text != nullptr ? std::string_view(text) : std::string_view();
  }

  // The lines a node stands on. cmark gives columns too, but not reliably inside containers.
  ByteSpan lines_of(cmark_node* node) const {
    return lines_between(cmark_node_get_start_line(node), cmark_node_get_end_line(node));
  }

  ByteSpan lines_between(int from, int to) const {
    const auto clamp = [this](int line) {
      return static_cast<std::size_t>(std::clamp(line, 1, static_cast<int>(lines_.size()) - 1));
    };
    const std::size_t first = clamp(from);
    const std::size_t last = std::max(first, clamp(to));
    return trimmed({lines_[first - 1], lines_[last]});
  }

  ByteSpan trimmed(ByteSpan span) const {
    const auto blank = [this](std::uint64_t at) {
      return std::string_view(" \t\r\n").find(text_[at]) != std::string_view::npos;
    };
    while (span.end > span.begin && blank(span.end - 1)) --span.end;
    while (span.begin < span.end && blank(span.begin)) ++span.begin;
    return span;
  }

  // cmark miscounts the lines of inlines behind link definitions and some code spans: the word at
  // each mark must be found between its line and the next mark's.
  bool marks_hold(const Block& block) const {
    for (std::size_t i = 0; i < block.marks.size(); ++i) {
      const SourceMark& mark = block.marks[i];
      const bool last = i + 1 == block.marks.size();
      const std::uint64_t end = last ? block.span.end : block.marks[i + 1].source_offset;
      if (mark.source_offset < block.span.begin || mark.source_offset >= end) return false;
      std::string_view word = std::string_view(block.text).substr(mark.text_offset);
      word = word.substr(0, word.find_first_not_of(kLetters));
      if (text_.substr(mark.source_offset, end - mark.source_offset).find(word) == text_.npos) {
        return false;
      }
    }
    return true;
  }

  std::string_view text_;
  std::vector<std::uint64_t> lines_;
  Content content_;
  HeadingPath headings_;
  InlineText inline_;
  std::size_t items_ = 0;
};

}  // namespace

Result<Content> parse_markdown(std::string_view text) {
  if (nests_too_deep(text) || indents_too_deep(text)) {
    return Error{ErrorCode::data_corrupt,
                 "Markdown nested deeper than " + std::to_string(kMaxNesting) + " levels"};
  }
  const FrontMatter front = split_front_matter(text);
  const std::string_view body = text.substr(front.length);
  const Tree tree = parse_tree(body);
  Result<Content> content = MarkdownWalk(body).run(tree.get());
  if (!content) return content;
  shift_spans(content->blocks, front.length);
  if (!front.title.empty()) content->title = front.title;
  content->metadata = front.metadata;
  return content;
}

}  // namespace liquid::corpus
