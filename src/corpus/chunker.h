#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "corpus/document.h"

namespace liquid::corpus {

/// Sizes in tokens; a token is a run of word characters or one other printing character (about 0.75
/// English words).
struct ChunkOptions {
  std::size_t max_tokens = 320;
  std::size_t overlap_tokens = 40;
};

/// Errors: invalid_argument (max_tokens of 0, overlap not below half of max_tokens).
Result<void> validate(const ChunkOptions& options);

/// Cuts a document into chunks that follow its structure: a chunk never crosses a heading of the first
/// two levels, paragraphs, code blocks and tables stay whole where they fit; what does not fit is cut
/// at sentences, then lines, then words.
std::vector<Chunk> chunk(const Document& document, const ChunkOptions& options);

}  // namespace liquid::corpus
