#include "search/analyzer.h"

#include <libstemmer.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/unicode.h"

namespace liquid::search {
namespace {

// A word longer than this is no word (base64, a hash in a URL): its head is enough to find it
// again.
constexpr std::size_t kMaxTokenBytes = 120;
// About 60 MB of remembered stems; a text with more different words starts over.
constexpr std::size_t kMaxStems = 400'000;

enum class Script { separator, word, ideograph, joiner };

constexpr std::array<char, 256> make_ascii_fold() {
  std::array<char, 256> fold{};
  for (int c = '0'; c <= '9'; ++c) fold[static_cast<std::size_t>(c)] = static_cast<char>(c);
  for (int c = 'a'; c <= 'z'; ++c) fold[static_cast<std::size_t>(c)] = static_cast<char>(c);
  for (int c = 'A'; c <= 'Z'; ++c) fold[static_cast<std::size_t>(c)] = static_cast<char>(c + 32);
  return fold;
}

// The folded form of an ASCII word character, 0 for everything else.
constexpr std::array<char, 256> kAsciiFold = make_ascii_fold();

char ascii_fold(char c) { return kAsciiFold[static_cast<unsigned char>(c)]; }

Script script_of(char32_t code_point) {
  // Soft hyphen, joiners, word joiner, byte order mark: invisible inside a word.
  if (code_point == 0xAD || code_point == 0x200C || code_point == 0x200D || code_point == 0x2060 ||
      code_point == 0xFEFF) {
    return Script::joiner;
  }
  if (!is_word_code_point(code_point)) return Script::separator;
  const bool kana = code_point >= 0x3041 && code_point <= 0x30FF;
  const bool han = (code_point >= 0x3400 && code_point <= 0x9FFF) ||
                   (code_point >= 0xF900 && code_point <= 0xFAFF) ||
                   (code_point >= 0x20000 && code_point <= 0x3FFFF);
  return kana || han ? Script::ideograph : Script::word;
}

std::string_view clip(std::string_view token) {
  if (token.size() <= kMaxTokenBytes) return token;
  std::size_t end = kMaxTokenBytes;
  while ((static_cast<unsigned char>(token[end]) & 0xC0) == 0x80) --end;
  return token.substr(0, end);
}

class Tokenizer {
 public:
  Tokenizer(std::string_view text, const std::function<void(const Token&)>& sink)
      : text_(text), sink_(sink) {}

  std::uint32_t run() {
    std::size_t at = 0;
    while (at < text_.size()) at = ascii_fold(text_[at]) != 0 ? ascii_word(at) : other(at);
    return position_;
  }

 private:
  // The common case: the word ends before any byte that is not ASCII.
  std::size_t ascii_word(std::size_t begin) {
    folded_.clear();
    std::size_t at = begin;
    char c = 0;
    for (; at < text_.size() && (c = ascii_fold(text_[at])) != 0; ++at) folded_.push_back(c);
    if (at < text_.size() && static_cast<unsigned char>(text_[at]) >= 0x80) return other(begin);
    emit(folded_, begin, at);
    return at;
  }

  // One code point that separates, or a word of any script.
  std::size_t other(std::size_t begin) {
    std::size_t at = begin;
    const Script script = script_of(next_code_point(text_, at));
    if (script == Script::separator || script == Script::joiner) return at;
    const std::size_t end = run_end(at, script);
    std::optional<std::string> folded = to_nfkc_casefold(text_.substr(begin, end - begin));
    if (!folded) return end;
    if (script == Script::ideograph) {
      emit_pairs(*folded, begin, end);
    } else {
      emit(*folded, begin, end);
    }
    return end;
  }

  std::size_t run_end(std::size_t at, Script script) const {
    while (at < text_.size()) {
      std::size_t next = at;
      const Script found = script_of(next_code_point(text_, next));
      if (found != script && found != Script::joiner) break;
      at = next;
    }
    return at;
  }

  void emit_pairs(std::string_view run, std::size_t begin, std::size_t end) {
    std::vector<std::size_t> starts;
    for (std::size_t at = 0; at < run.size(); next_code_point(run, at)) starts.push_back(at);
    starts.push_back(run.size());
    if (starts.size() == 2) return emit(run, begin, end);
    for (std::size_t i = 0; i + 2 < starts.size(); ++i) {
      emit(run.substr(starts[i], starts[i + 2] - starts[i]), begin, end);
    }
  }

  void emit(std::string_view folded, std::size_t begin, std::size_t end) {
    sink_(Token{clip(folded), position_++, begin, end});
  }

  std::string_view text_;
  const std::function<void(const Token&)>& sink_;
  std::uint32_t position_ = 0;
  std::string folded_;
};

// One ASCII letter or digit says too little to be indexed; a single ideograph or letter of another
// script may be a word.
bool too_short(std::string_view surface) { return surface.size() < 2; }

}  // namespace

std::uint32_t for_each_token(std::string_view text, const std::function<void(const Token&)>& sink) {
  return Tokenizer(text, sink).run();
}

void Analyzer::Delete::operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }

Analyzer::Analyzer(sb_stemmer* stemmer, std::vector<std::string_view> stop_words)
    : stemmer_(stemmer), stop_words_(std::move(stop_words)) {}

std::vector<std::string> languages() {
  std::vector<std::string> names{"none"};
  for (const char** name = sb_stemmer_list(); *name != nullptr; ++name) names.emplace_back(*name);
  std::sort(names.begin(), names.end());
  return names;
}

Result<Analyzer> Analyzer::create(std::string_view language) {
  const std::vector<std::string> known = languages();
  if (!std::binary_search(known.begin(), known.end(), language)) {
    std::string message = "unknown language '" + std::string(language) + "', expected one of:";
    for (const std::string& name : known) message += " " + name;
    return Error{ErrorCode::invalid_argument, std::move(message)};
  }
  if (language == "none") return Analyzer(nullptr, {});
  return Analyzer(sb_stemmer_new(std::string(language).c_str(), nullptr), stop_words(language));
}

bool Analyzer::is_stop_word(std::string_view surface) const {
  return std::binary_search(stop_words_.begin(), stop_words_.end(), surface);
}

std::string_view Analyzer::term(std::string_view surface) {
  if (too_short(surface)) return {};
  if (known_.size() >= kMaxStems) forget();
  const StringTable::Found found = known_.number_of(surface);
  if (found.added) {
    const std::string_view stemmed = is_stop_word(surface) ? std::string_view() : stem(surface);
    static_cast<void>(stems_.push_back(stemmed));  // kMaxStems short words fit
  }
  return stems_[found.number];
}

void Analyzer::forget() {
  known_ = {};
  stems_ = {};
}

std::string_view Analyzer::stem(std::string_view surface) {
  if (stemmer_ == nullptr) return surface;
  const auto* stemmed =
      sb_stemmer_stem(stemmer_.get(), reinterpret_cast<const sb_symbol*>(surface.data()),
                      static_cast<int>(surface.size()));
  if (stemmed == nullptr) return surface;
  return {reinterpret_cast<const char*>(stemmed),
          static_cast<std::size_t>(sb_stemmer_length(stemmer_.get()))};
}

}  // namespace liquid::search
