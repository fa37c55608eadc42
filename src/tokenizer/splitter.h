#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tokenizer/unicode_classes.h"

namespace liquid::tokenizer {

/// How a text is cut into the pieces that BPE works on. Each is known by the regular expression
/// that a tokenizer.json carries.
enum class SplitPattern {
  llama3,  ///< Also LFM2's: up to three digits together.
  qwen2,   ///< The same with each digit alone.
  gpt2,    ///< What a ByteLevel pre-tokenizer does by itself.
};

/// The regular expression of a pattern, as a tokenizer.json spells it.
std::string_view regex_of(SplitPattern pattern);
/// Nothing when the expression is none of ours.
std::optional<SplitPattern> pattern_of(std::string_view regex);

/// The pattern as a scanner: what a regular expression engine would find, without one.
class Splitter {
 public:
  explicit Splitter(SplitPattern pattern) : pattern_(pattern), classes_(&UnicodeClasses::table()) {}

  SplitPattern pattern() const { return pattern_; }

  /// Where the piece that begins at `at` ends. `text` must be UTF-8, `at` below its size and 0 or
  /// the end of the piece before.
  std::size_t piece_end(std::string_view text, std::size_t at) const;

 private:
  /// A code point with its class and where it ends.
  struct Mark {
    char32_t value = 0;
    std::uint8_t bits = 0;
    std::size_t end = 0;
  };
  Mark mark_at(std::string_view text, std::size_t at) const;
  std::size_t run_end(std::string_view text, std::size_t at, std::uint8_t bits) const;
  std::size_t symbols_end(std::string_view text, std::size_t at) const;
  std::size_t digits_end(std::string_view text, const Mark& first) const;
  std::size_t white_space_end(std::string_view text, std::size_t at) const;
  std::size_t line_ends_end(std::string_view text, std::size_t at) const;
  std::size_t llama_end(std::string_view text, std::size_t at) const;
  std::size_t gpt2_end(std::string_view text, std::size_t at) const;

  SplitPattern pattern_;
  const UnicodeClasses* classes_;
};

}  // namespace liquid::tokenizer
