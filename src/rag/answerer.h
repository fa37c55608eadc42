#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "generate/generator.h"
#include "search/retriever.h"

namespace liquid::rag {

/// One retrieval round, or a second one with terms taken from the first round's best chunks.
enum class Effort { simple, fast, thorough };

struct Question {
  std::string text;
  std::size_t max_context_chunks = 5;
  Effort effort = Effort::fast;
};

struct Answer {
  std::string text;
  std::vector<std::string> sources;  ///< "path" or "path > section", cited first, then the other
                                     ///< retrieved ones, no duplicates; empty when not found.
  double confidence = 0.0;           ///< 0..1; its meaning stands in rag/README.md and is tested.
  std::size_t context_used = 0;      ///< Chunks the generator was given.
  bool found = false;
  search::RetrievalKind retrieval = search::RetrievalKind::lexical;
  Digest evidence;                        ///< See `evidence_digest`.
  Digest epoch;                           ///< Of the snapshot that was searched.
  std::vector<std::string> document_ids;  ///< Of every retrieved chunk: what the answer depends on.
};

/// Digest over the retrieved chunks' ids and content hashes, in order.
Digest evidence_digest(const std::vector<search::Hit>& hits);

/// Question → Answer: retrieve, generate, cite, check. Blocking, safe from several threads.
class Answerer {
 public:
  /// Both are borrowed and outlive the answerer.
  Answerer(const search::Retriever& retriever, const generate::Generator& generator);

  Result<Answer> answer(const Question& question) const;

  /// What `answer` would retrieve now, without generating: for revalidation after a re-index.
  struct Evidence {
    Digest digest;
    Digest epoch;
  };
  Result<Evidence> evidence(const Question& question) const;

  /// Digest of all that shapes an answer besides the documents.
  Digest version() const;

 private:
  const search::Retriever& retriever_;
  const generate::Generator& generator_;
};

}  // namespace liquid::rag
