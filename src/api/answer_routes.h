#pragma once

#include <vector>

#include "api/index_follower.h"
#include "cache/cached_route.h"
#include "rag/answerer.h"
#include "search/retriever.h"

namespace liquid::api {

/// What the three cached routes are made of; all borrowed, all outlive the routes.
struct AnswerParts {
  IndexFollower& follower;
  const search::Retriever& retriever;
  const rag::Answerer& answerer;
};

/// POST /ask: `fast_mode` false is a second retrieval round. POST /ask/simple: one round, one
/// answer.
std::vector<cache::CachedRoute> ask_routes(const AnswerParts& parts);
/// POST /search.
std::vector<cache::CachedRoute> search_routes(const AnswerParts& parts);

/// Digest of all that shapes an answer besides the documents: the answerer's settings and
/// generator, and this program's own version.
Digest answer_version(const rag::Answerer& answerer);

}  // namespace liquid::api
