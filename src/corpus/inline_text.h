#pragma once

#include <string>
#include <string_view>

#include "corpus/document.h"

namespace liquid::corpus {

/// Collects the text of one block piece by piece, and where in the source each piece came from.
/// White space at either end is dropped.
class InlineText {
 public:
  /// Runs of white space become one blank. Where `text` stands in the source byte for byte,
  /// `source` has its length and the block gets fine marks.
  void append(std::string_view text, ByteSpan source);
  /// Keeps blanks and line breaks (code).
  void append_verbatim(std::string_view text, ByteSpan source);
  /// Stands between what came before and what comes next, if both exist; replaces white space
  /// there.
  void separate(std::string_view separator);

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }

  /// The block collected so far; starts anew. `section` and `page` are left empty.
  Block take(BlockKind kind);

 private:
  void join();
  void mark(std::uint64_t source_offset);

  std::string text_;
  std::string pending_;
  ByteSpan span_;
  std::vector<SourceMark> marks_;
  std::uint64_t last_source_ = 0;
  bool in_order_ = true;
};

}  // namespace liquid::corpus
