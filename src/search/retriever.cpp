#include "search/retriever.h"

#include <algorithm>
#include <map>
#include <utility>

namespace liquid::search {
namespace {

// Cormack, Clarke and Büttcher 2009: damps the difference between the first ranks.
constexpr double kRankOffset = 60.0;

}  // namespace

Result<Retrieved> Retriever::retrieve(const Query& query) const {
  Result<RankedList> lexical = index_.search(query);
  if (!lexical) return std::move(lexical).error();
  std::vector<RankedList> lists;
  lists.push_back(std::move(lexical).value());
  return Retrieved{fuse(std::move(lists), query.top_k), RetrievalKind::lexical};
}

RankedList fuse(std::vector<RankedList> lists, std::size_t top_k) {
  if (lists.empty()) return {};
  if (lists.size() == 1) {
    RankedList only = std::move(lists.front());
    if (only.hits.size() > top_k) only.hits.resize(top_k);
    return only;
  }
  std::map<std::string, Hit> joined;
  for (RankedList& list : lists) {
    for (std::size_t rank = 0; rank < list.hits.size(); ++rank) {
      const double score = 1.0 / (kRankOffset + static_cast<double>(rank) + 1.0);
      Hit& hit = list.hits[rank];
      const double relevance = hit.relevance;
      hit.score = 0.0;
      Hit& kept = joined.try_emplace(hit.chunk_id, std::move(hit)).first->second;
      kept.score += score;
      kept.relevance = std::max(kept.relevance, relevance);
    }
  }
  RankedList fused{.hits = {}, .epoch = lists.front().epoch};
  for (auto& [id, hit] : joined) fused.hits.push_back(std::move(hit));
  std::stable_sort(fused.hits.begin(), fused.hits.end(),
                   [](const Hit& a, const Hit& b) { return a.score > b.score; });
  if (fused.hits.size() > top_k) fused.hits.resize(top_k);
  return fused;
}

}  // namespace liquid::search
