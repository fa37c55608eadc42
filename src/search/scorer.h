#pragma once

#include <cstddef>
#include <vector>

#include "search/chunk_index.h"
#include "search/question.h"
#include "search/snapshot.h"
#include "search/top_chunks.h"

namespace liquid::search {

/// The best chunks and what their whole-number scores mean.
struct Ranking {
  std::vector<ScoredChunk> chunks;  ///< Best first.
  double best_possible = 0.0;       ///< BM25 score that `kFullScore` stands for.
};

/// A chunk that reached the limit of every word of the question would score this. Scores are whole
/// numbers so that sums are exact in any order: how chunks are spread over segments and in which
/// order lists are read can never swap two chunks.
constexpr double kFullScore = 1 << 30;

/// BM25 over all segments: MaxScore with block bounds, in windows of chunks.
Ranking rank(const Snapshot& snapshot, const Question& question, const Filter& filter,
             std::size_t top_k);

}  // namespace liquid::search
