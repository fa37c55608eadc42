#include <gumbo.h>

#include <algorithm>
#include <array>
#include <memory_resource>
#include <utility>

#include "corpus/formats.h"
#include "corpus/heading_path.h"
#include "corpus/html_nesting.h"
#include "corpus/inline_text.h"

namespace liquid::corpus {
namespace {

// Browsers stop at the same depth.
constexpr std::size_t kMaxNesting = 512;

void* allocate(void* arena, std::size_t bytes) {
  return static_cast<std::pmr::monotonic_buffer_resource*>(arena)->allocate(bytes);
}
void keep(void*, void*) {}

bool is_element(const GumboNode* node) {
  return node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE;
}

GumboTag tag_of(const GumboNode* node) {
  return is_element(node) ? node->v.element.tag : GUMBO_TAG_UNKNOWN;
}

std::string_view attribute(const GumboNode* node, const char* name) {
  const GumboAttribute* found = gumbo_get_attribute(&node->v.element.attributes, name);
  return found != nullptr ? std::string_view(found->value) : std::string_view();
}

bool has_attribute(const GumboNode* node, const char* name) {
  return gumbo_get_attribute(&node->v.element.attributes, name) != nullptr;
}

const GumboVector* children_of(const GumboNode* node) {
  if (node->type == GUMBO_NODE_DOCUMENT) return &node->v.document.children;
  return is_element(node) ? &node->v.element.children : nullptr;
}

/// Visits `root` and what is below it in reading order. `enter` says whether to go into the node;
/// `leave` follows for every node that was entered.
template <typename Enter, typename Leave>
void traverse(const GumboNode* root, Enter enter, Leave leave) {
  struct Place {
    const GumboNode* node;
    unsigned next = 0;
  };
  std::vector<Place> path;
  if (enter(root)) path.push_back({root});
  while (!path.empty()) {
    const GumboVector* children = children_of(path.back().node);
    if (children == nullptr || path.back().next == children->length) {
      leave(path.back().node);
      path.pop_back();
      continue;
    }
    const auto* child = static_cast<const GumboNode*>(children->data[path.back().next++]);
    if (enter(child)) path.push_back({child});
  }
}

const GumboNode* find_first(const GumboNode* root, GumboTag tag) {
  const GumboNode* found = nullptr;
  traverse(
      root,
      [&](const GumboNode* node) {
        if (found == nullptr && is_element(node) && tag_of(node) == tag) found = node;
        return found == nullptr;
      },
      [](const GumboNode*) {});
  return found;
}

bool is_left_out(const GumboNode* node) {
  constexpr std::array kTags = {GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE,    GUMBO_TAG_NAV,
                                GUMBO_TAG_HEAD,   GUMBO_TAG_TEMPLATE, GUMBO_TAG_NOSCRIPT,
                                GUMBO_TAG_SVG,    GUMBO_TAG_IFRAME,   GUMBO_TAG_OBJECT,
                                GUMBO_TAG_SELECT, GUMBO_TAG_BUTTON,   GUMBO_TAG_TEXTAREA};
  return std::find(kTags.begin(), kTags.end(), tag_of(node)) != kTags.end() ||
         has_attribute(node, "hidden") || attribute(node, "role") == "navigation" ||
         attribute(node, "aria-hidden") == "true";
}

bool is_inline(GumboTag tag) {
  constexpr std::array kTags = {
      GUMBO_TAG_A,    GUMBO_TAG_ABBR,   GUMBO_TAG_B,    GUMBO_TAG_BDI,   GUMBO_TAG_BDO,
      GUMBO_TAG_BIG,  GUMBO_TAG_CITE,   GUMBO_TAG_CODE, GUMBO_TAG_DATA,  GUMBO_TAG_DEL,
      GUMBO_TAG_DFN,  GUMBO_TAG_EM,     GUMBO_TAG_FONT, GUMBO_TAG_I,     GUMBO_TAG_INS,
      GUMBO_TAG_KBD,  GUMBO_TAG_LABEL,  GUMBO_TAG_MARK, GUMBO_TAG_NOBR,  GUMBO_TAG_Q,
      GUMBO_TAG_RB,   GUMBO_TAG_RT,     GUMBO_TAG_RUBY, GUMBO_TAG_S,     GUMBO_TAG_SAMP,
      GUMBO_TAG_SPAN, GUMBO_TAG_STRIKE, GUMBO_TAG_SUB,  GUMBO_TAG_SMALL, GUMBO_TAG_STRONG,
      GUMBO_TAG_SUP,  GUMBO_TAG_TIME,   GUMBO_TAG_TT,   GUMBO_TAG_U,     GUMBO_TAG_UNKNOWN,
      GUMBO_TAG_VAR,  GUMBO_TAG_WBR,    GUMBO_TAG_IMG,  GUMBO_TAG_BR};
  return std::find(kTags.begin(), kTags.end(), tag) != kTags.end();
}

bool is_sectioning(GumboTag tag) { return tag == GUMBO_TAG_SECTION || tag == GUMBO_TAG_ARTICLE; }

// 1..6, or 0 for anything else.
std::size_t heading_level(GumboTag tag) {
  return tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6
             ? static_cast<std::size_t>(tag - GUMBO_TAG_H1) + 1
             : 0;
}

// A table that only arranges the page: it holds headings or further tables.
bool is_layout(const GumboNode* table) {
  if (attribute(table, "role") == "presentation") return true;
  bool layout = false;
  traverse(
      table,
      [&](const GumboNode* node) {
        const GumboTag tag = tag_of(node);
        if (node != table && (tag == GUMBO_TAG_TABLE || heading_level(tag) > 0)) layout = true;
        return !layout;
      },
      [](const GumboNode*) {});
  return layout;
}

/// Turns the tree into blocks: inline text is collected until a block element begins or ends.
class HtmlWalk {
 public:
  explicit HtmlWalk(std::string_view html) : html_(html) {}

  std::vector<Block> run(const GumboNode* root) {
    traverse(
        root, [this](const GumboNode* node) { return enter(node); },
        [this](const GumboNode* node) { leave(node); });
    flush();
    return std::move(blocks_);
  }

 private:
  // A definition's term waits for its description and both become one block, "term: description".
  enum class Definition { none, term, description };

  bool enter(const GumboNode* node) {
    if (!is_element(node)) return enter_text(node);
    if (is_left_out(node)) return false;
    const GumboTag tag = tag_of(node);
    if (tag == GUMBO_TAG_BR) inline_.append(" ", {});
    if (tag == GUMBO_TAG_IMG) append_image(node);
    if (is_inline(tag)) return true;
    if (tag == GUMBO_TAG_PRE) return enter_code(node);
    if (tag == GUMBO_TAG_TABLE && !is_layout(node)) return enter_table(node);
    begin_block(tag);
    if (is_sectioning(tag)) headings_.enter_section();
    if (tag == GUMBO_TAG_LI) ++items_;
    return true;
  }

  bool enter_text(const GumboNode* node) {
    if (node->type == GUMBO_NODE_DOCUMENT) return true;
    append_text(node);
    return false;
  }

  void leave(const GumboNode* node) {
    const GumboTag tag = tag_of(node);
    if (tag == GUMBO_TAG_CODE) code_end_ = inline_.text().size();
    if (!is_element(node) || is_inline(tag) || tag == GUMBO_TAG_DT) return;
    if (const std::size_t level = heading_level(tag)) {
      flush_heading(level);
      return;
    }
    if (!waits_for_description(tag)) flush();
    if (is_sectioning(tag)) headings_.leave_section();
    if (tag == GUMBO_TAG_LI) --items_;
  }

  void begin_block(GumboTag tag) {
    if (tag == GUMBO_TAG_DT && definition_ == Definition::term) {
      inline_.separate(", ");
    } else if (tag == GUMBO_TAG_DD && definition_ == Definition::term) {
      inline_.separate(": ");
      definition_ = Definition::description;
      term_bytes_ = inline_.text().size();
    } else if (!waits_for_description(tag)) {
      flush();
      if (tag == GUMBO_TAG_DT) definition_ = Definition::term;
    }
  }

  bool waits_for_description(GumboTag tag) const {
    return (tag == GUMBO_TAG_P || tag == GUMBO_TAG_DIV) && definition_ == Definition::description &&
           inline_.text().size() == term_bytes_;
  }

  bool enter_code(const GumboNode* pre) {
    flush();
    traverse(
        pre,
        [this](const GumboNode* node) {
          if (tag_of(node) == GUMBO_TAG_BR) inline_.separate("\n");
          if (!is_element(node) && node->type != GUMBO_NODE_COMMENT) {
            inline_.append_verbatim(node->v.text.text, span_of(node->v.text));
          }
          return is_element(node);
        },
        [](const GumboNode*) {});
    emit(BlockKind::code);
    return false;
  }

  bool enter_table(const GumboNode* table) {
    flush();
    bool first_cell = true;
    traverse(
        table,
        [&](const GumboNode* node) {
          if (!is_element(node)) return enter_text(node);
          if (is_left_out(node)) return false;
          const GumboTag tag = tag_of(node);
          if (tag == GUMBO_TAG_IMG) append_image(node);
          if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) {
            if (!std::exchange(first_cell, false)) inline_.separate(" | ");
          } else if (tag == GUMBO_TAG_TR) {
            inline_.separate("\n");
            first_cell = true;
          } else if (!is_inline(tag) || tag == GUMBO_TAG_BR) {
            inline_.append(" ", {});
          }
          return true;
        },
        [](const GumboNode*) {});
    emit(BlockKind::table);
    return false;
  }

  void append_text(const GumboNode* node) {
    if (node->type == GUMBO_NODE_WHITESPACE) inline_.append(" ", {});
    if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_CDATA) {
      const std::string_view text = node->v.text.text;
      if (glued_to_code(text)) inline_.separate(" ");
      inline_.append(text, span_of(node->v.text));
    }
  }

  // Converted pages often lose the gap in list items like "<code>-v</code>print the version"; a
  // plural s may follow code directly, a longer word never does.
  bool glued_to_code(std::string_view text) const {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return items_ > 0 && !inline_.empty() && inline_.text().size() == code_end_ &&
           text.size() > 1 && letter(text[0]) && letter(text[1]);
  }

  void append_image(const GumboNode* node) {
    const std::string_view alternative = attribute(node, "alt");
    const GumboStringPiece tag = node->v.element.original_tag;
    inline_.append(alternative, span_of(tag));
  }

  void flush() {
    const bool item = items_ > 0 || definition_ != Definition::none;
    definition_ = Definition::none;
    emit(item ? BlockKind::list_item : BlockKind::paragraph);
  }

  void flush_heading(std::size_t level) {
    if (inline_.empty()) return;
    headings_.add(level, inline_.text());
    emit(BlockKind::heading);
  }

  void emit(BlockKind kind) {
    Block block = inline_.take(kind);
    if (block.text.empty()) return;
    block.section = headings_.path();
    blocks_.push_back(std::move(block));
  }

  ByteSpan span_of(const GumboText& text) const { return span_of(text.original_text); }

  // Text the parser made up has no place in the source.
  ByteSpan span_of(const GumboStringPiece& piece) const {
    if (piece.data < html_.data() || piece.data > html_.data() + html_.size()) return {};
    const auto begin = static_cast<std::uint64_t>(piece.data - html_.data());
    return {begin, std::min<std::uint64_t>(begin + piece.length, html_.size())};
  }

  std::string_view html_;
  std::vector<Block> blocks_;
  HeadingPath headings_;
  InlineText inline_;
  std::size_t items_ = 0;
  Definition definition_ = Definition::none;
  std::size_t term_bytes_ = 0;
  std::size_t code_end_ = 0;
};

std::string text_of(const GumboNode* element) {
  InlineText text;
  traverse(
      element,
      [&](const GumboNode* node) {
        const bool textual = node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE;
        if (textual) text.append(node->v.text.text, {});
        return is_element(node);
      },
      [](const GumboNode*) {});
  return text.take(BlockKind::paragraph).text;
}

Metadata metadata_of(const GumboNode* root) {
  constexpr std::array<std::string_view, 4> kNames = {"author", "date", "description", "keywords"};
  Metadata metadata;
  traverse(
      root,
      [&](const GumboNode* node) {
        if (!is_element(node)) return node->type == GUMBO_NODE_DOCUMENT;
        if (tag_of(node) != GUMBO_TAG_META) return tag_of(node) != GUMBO_TAG_BODY;
        const std::string_view name = attribute(node, "name");
        const std::string_view content = attribute(node, "content");
        const bool wanted = std::find(kNames.begin(), kNames.end(), name) != kNames.end();
        if (wanted && !content.empty()) metadata.emplace(name, content);
        return false;
      },
      [](const GumboNode*) {});
  return metadata;
}

Content content_of(const GumboNode* root, std::string_view html) {
  Content content;
  if (const GumboNode* main = find_first(root, GUMBO_TAG_MAIN)) {
    content.blocks = HtmlWalk(html).run(main);
  }
  if (content.blocks.empty()) content.blocks = HtmlWalk(html).run(root);
  if (const GumboNode* title = find_first(root, GUMBO_TAG_TITLE)) content.title = text_of(title);
  if (content.title.empty()) {
    if (const GumboNode* heading = find_first(root, GUMBO_TAG_H1)) content.title = text_of(heading);
  }
  content.metadata = metadata_of(root);
  return content;
}

}  // namespace

Result<Content> parse_html(std::string_view text) {
  if (html_nesting(text, kMaxNesting) > kMaxNesting) {
    return Error{ErrorCode::data_corrupt,
                 "HTML nested deeper than " + std::to_string(kMaxNesting) + " elements"};
  }
  // The tree lives in an arena that is dropped whole: gumbo's own clean-up recurses.
  std::pmr::monotonic_buffer_resource arena(std::size_t{64} * 1024);
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = allocate;
  options.deallocator = keep;
  options.userdata = &arena;
  options.max_errors = 0;
  const GumboOutput* output = gumbo_parse_with_options(&options, text.data(), text.size());
  return content_of(output->document, text);
}

}  // namespace liquid::corpus
