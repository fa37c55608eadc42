#pragma once

#include <string>
#include <vector>

#include "generate/generator.h"
#include "search/chunk_index.h"

namespace liquid::rag {

/// Puts the hits in order of how well each answers the question as a whole and keeps the first
/// `keep`. BM25 adds up words wherever they stand; here it also counts how much of the question one
/// place in a chunk speaks of. Depends on the hits and terms only.
std::vector<search::Hit> rerank(std::vector<search::Hit> hits, const std::string& question,
                                const std::vector<generate::Prompt::Term>& terms, std::size_t keep);

}  // namespace liquid::rag
