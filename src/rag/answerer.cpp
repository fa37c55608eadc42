#include "rag/answerer.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "rag/confidence.h"
#include "rag/expansion.h"
#include "rag/rerank.h"
#include "rag/search_words.h"

namespace liquid::rag {
namespace {

/// Raise when the same draft and hits may give another answer than before.
constexpr std::uint64_t kAlgorithmVersion = 1;
constexpr std::size_t kCandidates = 30;

std::vector<generate::Prompt::Term> terms_of(const std::string& words,
                                             const search::ChunkIndex& index) {
  std::vector<generate::Prompt::Term> terms;
  for (const auto& word : index.term_weights(words)) {
    if (!word.stop_word) terms.push_back({word.surface, word.term, word.idf, word.known});
  }
  return terms;
}

/// The first list joined by a second one, for the question with words from the first one's best
/// hits.
Result<search::Retrieved> add_second_round(const search::Retriever& retriever,
                                           search::Retrieved first, const search::Query& query) {
  const std::string expanded = expand_question(query.text, first.list.hits, retriever.index());
  if (expanded == query.text) return first;
  Result<search::Retrieved> second = retriever.retrieve({expanded, query.top_k, query.filter});
  if (!second) return second;
  // Of the second list: a commit between the rounds must not be hidden.
  const Digest epoch = second->list.epoch;
  std::vector<search::RankedList> lists;
  lists.push_back(std::move(first.list));
  lists.push_back(std::move(second->list));
  search::RankedList joined = search::fuse(std::move(lists), query.top_k);
  joined.epoch = epoch;
  return search::Retrieved{std::move(joined), first.kind};
}

/// More chunks than asked for are looked at, the best of them kept.
Result<search::Retrieved> retrieve(const search::Retriever& retriever, const Question& question) {
  const std::size_t candidates = std::max(kCandidates, 2 * question.max_context_chunks);
  const search::Query query{search_words(question.text), candidates, {}};
  Result<search::Retrieved> found = retriever.retrieve(query);
  if (found && question.effort == Effort::thorough) {
    found = add_second_round(retriever, std::move(*found), query);
  }
  if (!found) return found;
  found->list.hits = rerank(std::move(found->list.hits), question.text,
                            terms_of(query.text, retriever.index()), question.max_context_chunks);
  return found;
}

generate::Prompt make_prompt(const Question& question, const std::vector<search::Hit>& hits,
                             const search::ChunkIndex& index) {
  generate::Prompt prompt;
  prompt.question = question.text;
  for (const search::Hit& hit : hits) {
    prompt.passages.push_back({hit.path, hit.title, hit.section, hit.text, hit.relevance});
  }
  prompt.terms = terms_of(search_words(question.text), index);
  return prompt;
}

std::string source_of(const search::Hit& hit) {
  return hit.section.empty() ? hit.path : hit.path + " > " + hit.section;
}

void add_once(std::vector<std::string>& list, std::string value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
}

std::vector<std::string> sources_of(const std::vector<search::Hit>& hits,
                                    const std::vector<std::size_t>& cited) {
  std::vector<std::string> sources;
  for (const std::size_t number : cited) add_once(sources, source_of(hits[number]));
  for (const search::Hit& hit : hits) add_once(sources, source_of(hit));
  return sources;
}

/// Citations that name no passage are dropped; the generator may be a model.
std::vector<std::size_t> existing(const std::vector<std::size_t>& cited, std::size_t passages) {
  std::vector<std::size_t> kept;
  for (const std::size_t number : cited) {
    const bool is_new = std::find(kept.begin(), kept.end(), number) == kept.end();
    if (number < passages && is_new) kept.push_back(number);
  }
  return kept;
}

Answer assemble(const generate::Prompt& prompt, generate::Draft draft,
                const std::vector<search::Hit>& hits) {
  draft.cited = existing(draft.cited, hits.size());
  Answer answer;
  answer.confidence = confidence(prompt, draft);
  answer.text = std::move(draft.text);
  answer.found = draft.found;
  if (draft.found) answer.sources = sources_of(hits, draft.cited);
  answer.context_used = hits.size();
  for (const search::Hit& hit : hits) add_once(answer.document_ids, hit.document_id);
  return answer;
}

}  // namespace

Digest evidence_digest(const std::vector<search::Hit>& hits) {
  DigestBuilder builder;
  builder.field(std::uint64_t{hits.size()});
  for (const search::Hit& hit : hits) builder.field(hit.chunk_id).field(hit.content_hash);
  return builder.finish();
}

Answerer::Answerer(const search::Retriever& retriever, const generate::Generator& generator)
    : retriever_(retriever), generator_(generator) {}

Result<Answer> Answerer::answer(const Question& question) const {
  Result<search::Retrieved> retrieved = retrieve(retriever_, question);
  if (!retrieved) return std::move(retrieved).error();
  const std::vector<search::Hit>& hits = retrieved->list.hits;
  const generate::Prompt prompt = make_prompt(question, hits, retriever_.index());
  Result<generate::Draft> draft = generator_.generate(prompt);
  if (!draft) return std::move(draft).error();
  Answer answer = assemble(prompt, std::move(*draft), hits);
  answer.retrieval = retrieved->kind;
  answer.evidence = evidence_digest(hits);
  answer.epoch = retrieved->list.epoch;
  return answer;
}

Result<Answerer::Evidence> Answerer::evidence(const Question& question) const {
  Result<search::Retrieved> retrieved = retrieve(retriever_, question);
  if (!retrieved) return std::move(retrieved).error();
  return Evidence{evidence_digest(retrieved->list.hits), retrieved->list.epoch};
}

Digest Answerer::version() const {
  return DigestBuilder()
      .field("answerer")
      .field(kAlgorithmVersion)
      .field(generator_.version())
      .field(retriever_.index().settings_digest())
      .finish();
}

}  // namespace liquid::rag
