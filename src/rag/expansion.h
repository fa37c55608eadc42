#pragma once

#include <string>
#include <vector>

#include "search/chunk_index.h"

namespace liquid::rag {

/// The question with the words added that mark out the best hits (pseudo-relevance feedback after
/// Lavrenko and Croft's RM3: words weighted by frequency in the hits, the hits' scores and idf).
/// The question itself when the hits add nothing.
std::string expand_question(const std::string& question, const std::vector<search::Hit>& hits,
                            const search::ChunkIndex& index);

}  // namespace liquid::rag
