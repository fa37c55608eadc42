#include "rag/answerer.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "rag/confidence.h"
#include "rag/expansion.h"

namespace liquid::rag {
namespace {

/// Raise when the same draft and hits may give another answer than before.
constexpr std::uint64_t kAlgorithmVersion = 1;

/// What of a very long question is searched for: a question is a few sentences, and beyond this
/// retrieval time would be the caller's to choose.
constexpr std::size_t kMaxQuestionBytes = 8 * 1024;

/// The question, cut at a code point when it is too long.
std::string searched_text(const std::string& question) {
  if (question.size() <= kMaxQuestionBytes) return question;
  std::size_t end = kMaxQuestionBytes;
  while (end > 0 && (static_cast<unsigned char>(question[end]) & 0xC0U) == 0x80U) --end;
  return question.substr(0, end);
}

Result<search::Retrieved> retrieve(const search::Retriever& retriever, const Question& question) {
  const search::Query first{searched_text(question.text), question.max_context_chunks, {}};
  Result<search::Retrieved> retrieved = retriever.retrieve(first);
  if (!retrieved || question.effort != Effort::thorough) return retrieved;

  const std::string expanded = expand_question(first.text, retrieved->list.hits, retriever.index());
  if (expanded == first.text) return retrieved;
  Result<search::Retrieved> second = retriever.retrieve({expanded, first.top_k, {}});
  if (!second) return second;
  // Taken from the second list: a commit between the rounds shows in the newer epoch.
  search::Retrieved both{{}, second->kind};
  const Digest epoch = second->list.epoch;
  both.list = search::fuse({std::move(retrieved->list), std::move(second->list)}, first.top_k);
  both.list.epoch = epoch;
  return both;
}

generate::Prompt make_prompt(const Question& question, const std::vector<search::Hit>& hits,
                             const search::ChunkIndex& index) {
  generate::Prompt prompt;
  prompt.question = question.text;
  for (const search::Hit& hit : hits) {
    prompt.passages.push_back({hit.title, hit.section, hit.text, hit.relevance});
  }
  for (const auto& word : index.term_weights(searched_text(question.text))) {
    if (word.stop_word) continue;
    prompt.terms.push_back({word.surface, word.term, word.idf, word.known});
  }
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
  answer.sources = sources_of(hits, draft.cited);
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
