#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "corpus/document.h"

namespace liquid::corpus {

struct ReadOptions {
  std::uint64_t max_file_bytes = 64ull * 1024 * 1024;  ///< Also the limit for unpacked gzip.
};

/// Receives the documents of one source, one after the other. An Error stands for one bad row of a
/// JSONL file (its message names file and line); reading goes on after it.
using DocumentSink = std::function<void(Result<Document>)>;

/// Reads one file by its ending (.md .markdown .html .htm .txt .text .pdf .jsonl .ndjson, each also with
/// .gz) and hands its documents (one; for JSONL one per row) to `sink`. `name` is the path as added:
/// it becomes `Document::path` and, but for rows with `_id`, the id.
/// Errors, each naming the path and the reason: not_found, permission_denied, resource_exhausted (size),
/// unsupported (ending, encrypted PDF), data_corrupt (not text, bad gzip or PDF), invalid_argument
/// (empty file).
Result<void> read_documents(const std::filesystem::path& path, const std::string& name,
                            const ReadOptions& options, const DocumentSink& sink);

/// The same for JSONL text that is already in memory (standard input).
Result<void> read_jsonl(std::string_view text, const std::string& name, const DocumentSink& sink);

/// True when the ending is one that `read_documents` knows.
bool has_known_ending(const std::filesystem::path& path);

}  // namespace liquid::corpus
