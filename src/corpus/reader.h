#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "corpus/byte_source.h"
#include "corpus/document.h"

namespace liquid::corpus {

/// Grows when a parser changes what it makes of the same bytes: a document read by another version
/// is not "unchanged".
constexpr std::uint32_t kReaderVersion = 1;

struct ReadOptions {
  /// Of a file and of what gzip or a PDF unpacks to; for JSONL, which is read row by row, of a row.
  std::uint64_t max_file_bytes = 64ull * 1024 * 1024;
  /// Asked when the hash of a file's (row's) bytes is known and before they are parsed; true leaves
  /// the document out. May be empty.
  std::function<bool(const DocumentId& id, const Digest& content_hash)> is_unchanged;
  /// Asked between the rows of a JSONL file; true ends reading with `cancelled`. May be empty.
  std::function<bool()> should_stop;
  /// Grows by the bytes read from files, as they are read. Borrowed, may be null.
  std::atomic<std::uint64_t>* bytes_read = nullptr;
};

/// Receives the documents of one source, one after the other. An Error stands for one bad row of a
/// JSONL file (its message names file and line); reading goes on after it.
using DocumentSink = std::function<void(Result<Document>)>;

/// Reads one file by its ending (.md .markdown .html .htm .xhtml .txt .text .pdf .jsonl .ndjson,
/// each also with .gz) and hands its documents (one; for JSONL one per row) to `sink`. `name` is
/// the path as added: it becomes `Document::path` and, but for rows with `_id`, the id. A document
/// without a title of its own gets the file's name without ending. Errors, each naming the path and
/// the reason: not_found, permission_denied, resource_exhausted (size), unsupported (ending,
/// encrypted PDF), data_corrupt (not text, bad gzip or PDF), invalid_argument (empty file),
/// unavailable (read error, pdftotext missing), deadline_exceeded (PDF), cancelled. Safe from
/// several threads at once.
Result<void> read_documents(const std::filesystem::path& path, const std::string& name,
                            const ReadOptions& options, const DocumentSink& sink);

/// The same for JSONL from any source of bytes.
Result<void> read_jsonl(ByteSource& source, const std::string& name, const ReadOptions& options,
                        const DocumentSink& sink);

/// The same for JSONL text that is already in memory.
Result<void> read_jsonl(std::string_view text, const std::string& name, const DocumentSink& sink);

/// True when the ending is one that `read_documents` knows.
bool has_known_ending(const std::filesystem::path& path);

/// True for a file that can hold many documents (JSONL).
bool holds_rows(const std::filesystem::path& path);

}  // namespace liquid::corpus
