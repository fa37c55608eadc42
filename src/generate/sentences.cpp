#include "generate/sentences.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace liquid::generate {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// "- x", "* x", "• x", "3. x", "3) x".
bool starts_with_list_mark(std::string_view line) {
  if (line.starts_with("- ") || line.starts_with("* ") || line.starts_with("+ ")) return true;
  if (line.starts_with("\xE2\x80\xA2 ")) return true;
  std::size_t digits = 0;
  while (digits < line.size() && digits < 3 && is_digit(line[digits])) ++digits;
  return digits > 0 && digits + 1 < line.size() && (line[digits] == '.' || line[digits] == ')') &&
         line[digits + 1] == ' ';
}

/// "Default: x", "scrape_interval: 15s": one word, a colon, something behind it.
bool starts_with_label(std::string_view line) {
  constexpr std::size_t kLongestLabel = 40;
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos || colon == 0 || colon > kLongestLabel) return false;
  return line.substr(0, colon).find_first_of(" \t") == std::string_view::npos;
}

bool is_comment(std::string_view line) {
  return (line.starts_with("#") && !line.starts_with("##")) || line.starts_with("//");
}

bool looks_like_row(std::string_view line) {
  return line.find('|') != std::string_view::npos || line.find('\t') != std::string_view::npos;
}

bool looks_like_code(std::string_view line) {
  if (line.empty()) return false;
  constexpr std::string_view kLineEnds = ";{}\\";
  if (line.starts_with("$ ") || line.starts_with("[ ") || line.starts_with("<")) return true;
  if (is_comment(line)) return true;
  return kLineEnds.find(line.back()) != std::string_view::npos;
}

SentenceKind kind_of_line(std::string_view line) {
  if (starts_with_list_mark(line)) return SentenceKind::list_item;
  if (looks_like_code(line)) return SentenceKind::code;
  if (looks_like_row(line) || starts_with_label(line)) return SentenceKind::row;
  return SentenceKind::prose;
}

/// The word in front of a full stop that does not end a sentence.
bool is_abbreviation(std::string_view before_stop) {
  static constexpr std::array<std::string_view, 16> kAbbreviations = {
      "e.g", "i.e", "etc", "vs", "cf", "approx", "no",   "fig",
      "eq",  "dr",  "mr",  "ms", "st", "resp",   "incl", "ca"};
  const std::size_t start = before_stop.find_last_of(" \t\n(\"") + 1;
  std::string word(before_stop.substr(start));
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (word.size() == 1 && is_letter(word[0])) return true;
  return std::find(kAbbreviations.begin(), kAbbreviations.end(), word) != kAbbreviations.end();
}

/// Byte length of a closing quote or bracket at `position`, 0 when there is none.
std::size_t closing_mark_length(std::string_view text, std::size_t position) {
  static constexpr std::array<std::string_view, 7> kMarks = {
      "\"", "'", ")", "]", "\xE2\x80\x9D", "\xE2\x80\x99", "\xC2\xBB"};
  for (const std::string_view mark : kMarks) {
    if (text.substr(position).starts_with(mark)) return mark.size();
  }
  return 0;
}

/// Position behind the sentence that ends at the mark at `stop`, or 0 when it does not end there.
std::size_t sentence_end(std::string_view text, std::size_t begin, std::size_t stop) {
  std::size_t behind = stop + 1;
  while (behind < text.size()) {
    const std::size_t length = closing_mark_length(text, behind);
    if (length == 0) break;
    behind += length;
  }
  if (behind >= text.size()) return text.size();
  if (!is_blank(text[behind])) return 0;
  std::size_t next = behind;
  while (next < text.size() && is_blank(text[next])) ++next;
  if (next < text.size() && text[next] >= 'a' && text[next] <= 'z') return 0;
  if (text[stop] == '.' && is_abbreviation(text.substr(begin, stop - begin))) return 0;
  return behind;
}

/// "。", "！", "？": end a sentence without a blank behind them.
bool is_wide_stop(std::string_view text, std::size_t position) {
  const std::string_view rest = text.substr(position);
  return rest.starts_with("\xE3\x80\x82") || rest.starts_with("\xEF\xBC\x81") ||
         rest.starts_with("\xEF\xBC\x9F");
}

class Splitter {
 public:
  explicit Splitter(std::vector<Sentence>& out) : out_(out) {}

  void block(std::string_view block) {
    std::size_t begin = 0;
    while (begin < block.size()) {
      const std::size_t line_end = std::min(block.find('\n', begin), block.size());
      line(block.substr(begin, line_end - begin));
      begin = line_end + 1;
    }
    flush();
    ++paragraph_;
  }

 private:
  void line(std::string_view raw) {
    const std::string_view text = trim(raw);
    if (text.empty()) return;
    const SentenceKind kind = kind_of_line(text);
    if (continues_run(kind, raw)) {
      extend_run(text);
      return;
    }
    flush();
    run_ = text;
    run_kind_ = kind;
  }

  /// Prose goes on over line breaks, also under a list mark; a comment goes on into the line it
  /// explains.
  bool continues_run(SentenceKind kind, std::string_view raw) const {
    if (run_.empty()) return false;
    if (run_kind_ == SentenceKind::prose) return kind == SentenceKind::prose;
    if (run_kind_ == SentenceKind::code && last_line_is_comment()) return true;
    return run_kind_ == SentenceKind::list_item && kind == SentenceKind::prose &&
           is_blank(raw.front());
  }

  bool last_line_is_comment() const {
    const std::size_t start = run_.find_last_of('\n') + 1;
    return is_comment(trim(run_.substr(start)));
  }

  void extend_run(std::string_view text) {
    run_ = std::string_view(run_.data(),
                            static_cast<std::size_t>(text.data() + text.size() - run_.data()));
  }

  void flush() {
    if (run_.empty()) return;
    const bool is_text = run_kind_ == SentenceKind::prose || run_kind_ == SentenceKind::list_item;
    if (is_text) {
      add_sentences();
    } else {
      out_.push_back({run_, run_kind_, paragraph_});
    }
    run_ = {};
  }

  void add_sentences() {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < run_.size(); ++i) {
      std::size_t behind = 0;
      if (run_[i] == '.' || run_[i] == '!' || run_[i] == '?') behind = sentence_end(run_, begin, i);
      if (is_wide_stop(run_, i)) behind = i + 3;
      if (behind == 0 || is_list_number(begin, i)) continue;
      add(run_.substr(begin, behind - begin));
      begin = behind;
      i = behind - 1;
    }
    if (begin < run_.size()) add(run_.substr(begin));
  }

  /// "3." at the start of a list item is its number, not a sentence.
  bool is_list_number(std::size_t begin, std::size_t stop) const {
    if (begin != 0 || run_kind_ != SentenceKind::list_item) return false;
    return run_.substr(0, stop).find_first_not_of("0123456789") == std::string_view::npos;
  }

  void add(std::string_view sentence) {
    const std::string_view text = trim(sentence);
    if (!text.empty()) out_.push_back({text, run_kind_, paragraph_});
  }

  std::vector<Sentence>& out_;
  std::string_view run_;
  SentenceKind run_kind_ = SentenceKind::prose;
  std::size_t paragraph_ = 0;
};

/// Start of the first blank line at or behind `from`, or the end of the text.
std::size_t find_block_end(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    std::size_t next = at + 1;
    while (next < text.size() && (text[next] == ' ' || text[next] == '\t' || text[next] == '\r')) {
      ++next;
    }
    if (next < text.size() && text[next] == '\n') return at;
  }
  return text.size();
}

}  // namespace

std::vector<Sentence> split_sentences(std::string_view text) {
  std::vector<Sentence> sentences;
  Splitter splitter(sentences);
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = find_block_end(text, begin);
    splitter.block(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return sentences;
}

}  // namespace liquid::generate
