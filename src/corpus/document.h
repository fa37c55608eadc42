#pragma once

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

/// Bytes [begin, end) of the source file (for JSONL rows: of the row's `text` value; for gzip: of the
/// unpacked bytes).
struct ByteSpan {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool operator==(const ByteSpan&) const = default;
};

/// One structural piece of a document, in reading order.
struct Block {
  BlockKind kind = BlockKind::paragraph;
  std::string text;                  ///< Plain text; code and tables keep their line breaks.
  std::vector<std::string> section;  ///< Headings above it, outermost first (a heading includes itself).
  std::optional<std::uint32_t> page; ///< 1-based, PDF only.
  ByteSpan span;
  bool operator==(const Block&) const = default;
};

/// A source read and understood.
struct Document {
  DocumentId id;        ///< A JSONL row's `_id`, otherwise the path as added.
  std::string path;     ///< Path as added (JSONL: of the file).
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
  std::string text;
  bool operator==(const Chunk&) const = default;
};

}  // namespace liquid::corpus
