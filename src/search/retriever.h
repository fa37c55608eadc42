#pragma once

#include "base/result.h"
#include "search/chunk_index.h"

namespace liquid::search {

/// Which lists an answer was ranked from; told to the client as "retrieval".
enum class RetrievalKind { lexical };
constexpr const char* retrieval_name(RetrievalKind kind) {
  switch (kind) {
    case RetrievalKind::lexical: return "lexical";
  }
  return "lexical";
}

struct Retrieved {
  RankedList list;
  RetrievalKind kind = RetrievalKind::lexical;
};

/// Question → ranked chunks. The seam where a second ranked list (vectors) joins the first:
/// `retrieve` collects every list it has and passes them to `fuse`.
class Retriever {
 public:
  /// `index` is borrowed and outlives the retriever.
  explicit Retriever(ChunkIndex& index) : index_(index) {}
  Result<Retrieved> retrieve(const Query& query) const;
  ChunkIndex& index() const { return index_; }

 private:
  ChunkIndex& index_;
};

/// One list stays as it is; several are joined by reciprocal rank (Cormack et al. 2009, k = 60).
RankedList fuse(std::vector<RankedList> lists, std::size_t top_k);

}  // namespace liquid::search
