#include "corpus/html_nesting.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/digest.h"

namespace liquid::corpus {
namespace {

constexpr std::size_t kMaxAttributes = 1000;

// Tags that never nest: without content, or ended by the next of their kind.
constexpr std::array<std::string_view, 25> kFlat = {
    "area", "base",  "body",   "br",    "col",   "dd",     "dt",   "embed", "frame",
    "head", "hr",    "html",   "img",   "input", "li",     "link", "meta",  "option",
    "p",    "param", "source", "track", "wbr",   "keygen", "image"};

// Flat inside a table, nesting inside SVG and MathML.
constexpr std::array<std::string_view, 6> kTableParts = {"tbody", "td",    "tfoot",
                                                         "th",    "thead", "tr"};

// Elements the parser opens again after their parent has ended.
constexpr std::array<std::string_view, 14> kFormatting = {
    "a",    "b", "big",   "code",   "em",     "font", "i",
    "nobr", "s", "small", "strike", "strong", "tt",   "u"};

constexpr std::array<std::string_view, 8> kRawText = {"script", "style",   "textarea", "title",
                                                      "xmp",    "noembed", "noframes", "iframe"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Tag {
  std::string name;
  bool closing = false;
  bool self_closing = false;
  std::size_t attributes = 0;
};

/// Reads tags the way a browser does, without building anything.
class TagScanner {
 public:
  explicit TagScanner(std::string_view html) : html_(html) {}

  /// False at the end.
  bool next(Tag& tag) {
    for (;;) {
      at_ = html_.find('<', at_);
      if (at_ == html_.npos) return false;
      const std::string_view rest = html_.substr(at_);
      if (rest.starts_with("<!--")) {
        skip_behind("-->");
      } else if (rest.size() > 1 && is_letter(rest[1])) {
        at_ += 1;
        read_tag(tag);
        tag.closing = false;
        if (contains(kRawText, tag.name)) skip_raw_text(tag.name);
        return true;
      } else if (rest.size() > 2 && rest[1] == '/' && is_letter(rest[2])) {
        at_ += 2;
        read_tag(tag);
        tag.closing = true;
        return true;
      } else {
        at_ += 1;
      }
    }
  }

 private:
  void skip_behind(std::string_view mark) {
    const std::size_t found = html_.find(mark, at_);
    at_ = found == html_.npos ? html_.size() : found + mark.size();
  }

  void read_tag(Tag& tag) {
    tag.name.clear();
    while (at_ < html_.size() && !is_end_of_name(html_[at_])) {
      tag.name.push_back(lower(html_[at_++]));
    }
    tag.attributes = 0;
    tag.self_closing = false;
    while (at_ < html_.size() && html_[at_] != '>') {
      tag.self_closing = html_[at_] == '/';
      if (html_[at_] == '=') {
        skip_value();
      } else if (is_end_of_name(html_[at_])) {
        ++at_;
      } else {
        ++tag.attributes;
        while (at_ < html_.size() && !is_end_of_name(html_[at_]) && html_[at_] != '=') ++at_;
      }
    }
  }

  void skip_value() {
    ++at_;
    while (at_ < html_.size() && is_white(html_[at_])) ++at_;
    if (at_ == html_.size() || html_[at_] == '>') return;
    const char quote = html_[at_];
    if (quote == '"' || quote == '\'') {
      const std::size_t end = html_.find(quote, at_ + 1);
      at_ = end == html_.npos ? html_.size() : end + 1;
      return;
    }
    while (at_ < html_.size() && !is_white(html_[at_]) && html_[at_] != '>') ++at_;
  }

  void skip_raw_text(std::string_view name) {
    for (std::size_t end = at_; (end = html_.find("</", end)) != html_.npos; ++end) {
      const std::string_view found = html_.substr(end + 2, name.size());
      const bool same = std::equal(found.begin(), found.end(), name.begin(), name.end(),
                                   [](char left, char right) { return lower(left) == right; });
      if (!same) continue;
      at_ = end;
      return;
    }
    at_ = html_.size();
  }

  static char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
  static bool is_white(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  static bool is_end_of_name(char c) { return is_white(c) || c == '/' || c == '>'; }

  std::string_view html_;
  std::size_t at_ = 0;
};

/// The elements that may be open, as names' hashes; more of them rather than fewer.
class OpenElements {
 public:
  std::size_t depth() const { return open_.size(); }

  void apply(const Tag& tag) {
    if (tag.closing) {
      close(tag);
    } else if (nests(tag)) {
      open_.push_back({hash64(tag.name), contains(kFormatting, tag.name)});
      if (is_foreign(tag)) ++foreign_;
    }
  }

 private:
  struct Element {
    std::uint64_t name = 0;
    bool formatting = false;
  };

  static bool is_foreign(const Tag& tag) { return tag.name == "svg" || tag.name == "math"; }

  bool nests(const Tag& tag) const {
    if (contains(kFlat, tag.name)) return false;
    if (foreign_ > 0) return !tag.self_closing;
    return !contains(kTableParts, tag.name);
  }

  // An end tag ends what is open inside it, but formatting elements live on.
  void close(const Tag& tag) {
    const std::uint64_t name = hash64(tag.name);
    const auto found = std::find_if(open_.rbegin(), open_.rend(),
                                    [name](const Element& open) { return open.name == name; });
    if (found == open_.rend()) return;
    if (is_foreign(tag) && foreign_ > 0) --foreign_;
    const auto first = std::prev(found.base());
    if (first->formatting) {
      open_.erase(first);
      return;
    }
    open_.erase(
        std::remove_if(first + 1, open_.end(), [](const Element& e) { return !e.formatting; }),
        open_.end());
    open_.erase(first);
  }

  std::vector<Element> open_;
  std::size_t foreign_ = 0;
};

}  // namespace

std::size_t html_nesting(std::string_view html, std::size_t limit) {
  TagScanner tags(html);
  OpenElements open;
  Tag tag;
  std::size_t deepest = 0;
  while (deepest <= limit && tags.next(tag)) {
    if (tag.attributes > kMaxAttributes) return limit + 1;
    open.apply(tag);
    deepest = std::max(deepest, open.depth());
  }
  return deepest;
}

}  // namespace liquid::corpus
