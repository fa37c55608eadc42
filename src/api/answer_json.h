#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rag/answerer.h"
#include "search/retriever.h"

namespace liquid::api {

/// `{"answer","sources","confidence","context_used","retrieval"}`.
std::string answer_json(const rag::Answer& answer);

/// `{"results":[{"chunk_id","text","score","source","section","document_id","page"}],"total","query",
/// "retrieval"}`. `score` is the hit's relevance, 0..1: its BM25 score over the best score that any
/// chunk could reach for this question. `source` is "unknown" when there is no path; `section` and
/// `page` are null where there is none.
std::string search_json(std::string_view query, const search::Retrieved& retrieved);

}  // namespace liquid::api
