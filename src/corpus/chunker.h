#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "corpus/document.h"

namespace liquid::corpus {

constexpr std::size_t kMinChunkTokens = 16;
constexpr std::size_t kMaxChunkTokens = 100'000;

/// Sizes in tokens; a token is a run of at most 32 word characters or one other printing character
/// (about 0.75 English words; see tokens.h).
struct ChunkOptions {
  std::size_t max_tokens = 320;
  std::size_t overlap_tokens = 40;
};

/// Errors: invalid_argument (max_tokens out of bounds, overlap not below half of max_tokens).
Result<void> validate(const ChunkOptions& options);

/// Cuts a document into chunks that follow its structure.
///  - No chunk has more than `max_tokens`, headings and overlap included; none crosses a page.
///  - No chunk crosses a heading of the first two levels; deeper sections are only joined when the
///  first
///    is very small. Headings stay with the text under them.
///  - Paragraphs, list items, code blocks and tables that fit into a chunk stay whole; what does
///  not
///    is cut at sentences (prose) or lines (code, tables), then words, then tokens.
///  - Where a section needs several chunks, each repeats up to `overlap_tokens` of the end of the
///  one
///    before, in whole blocks or sentences where these fit.
/// `options` must be valid. Linear in the size of the document.
std::vector<Chunk> chunk(const Document& document, const ChunkOptions& options);

}  // namespace liquid::corpus
