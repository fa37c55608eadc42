#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/id.h"

namespace liquid::corpus {

using DocumentId = Id<struct DocumentTag>;

/// Metadata values are kept as text; numbers and booleans of JSON in their JSON spelling.
using Metadata = std::map<std::string, std::string>;

enum class BlockKind { heading, paragraph, list_item, code, table };

/// Bytes [begin, end) of the source text. That is the file itself where it is UTF-8; otherwise what
/// the file was turned into before it was parsed: gzip unpacked, UTF-16 and Latin-1 as UTF-8, a PDF
/// as the text `pdftotext` extracts, a JSONL row as its `text` value.
struct ByteSpan {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool operator==(const ByteSpan&) const = default;
};

/// Block text from `text_offset` on comes from source bytes at or behind `source_offset`, text
/// before it from bytes before `source_offset`.
struct SourceMark {
  std::uint64_t text_offset = 0;
  std::uint64_t source_offset = 0;
  bool operator==(const SourceMark&) const = default;
};

/// One structural piece of a document, in reading order.
struct Block {
  BlockKind kind = BlockKind::paragraph;
  std::string text;  ///< Plain text; code and tables keep their line breaks.
  std::vector<std::string>
      section;  ///< Headings above it, outermost first (a heading includes itself).
  std::optional<std::uint32_t> page;  ///< 1-based, PDF only.
  ByteSpan span;
  std::vector<SourceMark> marks;  ///< Both offsets ascending; may be empty.
  bool operator==(const Block&) const = default;
};

/// The source bytes behind bytes [begin, end) of the block's text: as narrow as the marks allow,
/// never narrower than the truth.
ByteSpan source_span(const Block& block, std::size_t begin, std::size_t end);

/// Adds `distance` to every source offset: the blocks were parsed from a part of the source.
void shift_spans(std::vector<Block>& blocks, std::uint64_t distance);

/// A source read and understood.
struct Document {
  DocumentId
      id;  ///< A JSONL row's `_id`, otherwise the path as added (row without one: path:line).
  std::string path;  ///< Path as added (JSONL: of the file).
  std::string title;
  Metadata metadata;
  Digest content_hash;  ///< SHA-256 of the source bytes (JSONL: of the row).
  std::vector<Block> blocks;
};

/// A piece of a document that is retrieved and cited as a whole.
struct Chunk {
  DocumentId document_id;
  std::uint32_t ordinal = 0;  ///< Position in the document, from 0.
  std::string title;
  std::string section;  ///< Heading path joined with " > ", without the title when it repeats it.
  std::optional<std::uint32_t> page;
  ByteSpan span;
  std::string text;  ///< Headings that belong to it stand first, one per line.
  bool operator==(const Chunk&) const = default;
};

}  // namespace liquid::corpus
