#include "api/answer_routes.h"

#include <algorithm>

#include "api/answer_json.h"
#include "api/canonical_request.h"
#include "api/error_status.h"
#include "api/request_schema.h"
#include "api/route_list.h"
#include "api/version.h"

namespace liquid::api {
namespace {

using cache::CachedRoute;
using cache::Computed;
using Canonical = std::variant<std::string, http::Response>;

Computed failed(const Error& error) { return {upstream_error_response(error), {}}; }

// Canonical text comes from the functions below, so that it always parses.
AskRequest ask_from(const std::string& canonical) {
  auto parsed = parse_ask_text(canonical);
  auto* request = std::get_if<AskRequest>(&parsed);
  return request != nullptr ? std::move(*request) : AskRequest{};
}

SearchRequest search_from(const std::string& canonical) {
  auto parsed = parse_search_text(canonical);
  auto* request = std::get_if<SearchRequest>(&parsed);
  return request != nullptr ? std::move(*request) : SearchRequest{};
}

enum class AskKind { full, simple };

rag::Question question_of(const AskRequest& request, AskKind kind) {
  rag::Effort effort = request.fast_mode ? rag::Effort::fast : rag::Effort::thorough;
  if (kind == AskKind::simple) effort = rag::Effort::simple;
  return {request.question, static_cast<std::size_t>(request.max_context_chunks), effort};
}

search::Query query_of(const SearchRequest& request) {
  return {request.query, static_cast<std::size_t>(request.top_k), {}};
}

Canonical canonicalize_ask(const http::Request& request, AskKind kind) {
  auto parsed = parse_ask(request);
  if (auto* refusal = std::get_if<http::Response>(&parsed)) return std::move(*refusal);
  const auto& ask = std::get<AskRequest>(parsed);
  return kind == AskKind::full ? canonical_ask(ask) : canonical_ask_simple(ask);
}

Canonical canonicalize_search(const http::Request& request) {
  auto parsed = parse_search(request);
  if (auto* refusal = std::get_if<http::Response>(&parsed)) return std::move(*refusal);
  return canonical_search(std::get<SearchRequest>(parsed));
}

Computed compute_answer(const AnswerParts& parts, const rag::Question& question) {
  if (auto fresh = parts.follower.refresh_if_behind(); !fresh) return failed(fresh.error());
  const auto answer = parts.answerer.answer(question);
  if (!answer) return failed(answer.error());
  return {http::json_response(200, answer_json(*answer)),
          {answer->epoch, answer->evidence, answer->document_ids}};
}

std::vector<std::string> documents_of(const std::vector<search::Hit>& hits) {
  std::vector<std::string> ids;
  ids.reserve(hits.size());
  for (const search::Hit& hit : hits) ids.push_back(hit.document_id);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

Computed compute_search(const AnswerParts& parts, const SearchRequest& request) {
  if (auto fresh = parts.follower.refresh_if_behind(); !fresh) return failed(fresh.error());
  const auto found = parts.retriever.retrieve(query_of(request));
  if (!found) return failed(found.error());
  const search::RankedList& list = found->list;
  return {http::json_response(200, search_json(request.query, *found)),
          {list.epoch, rag::evidence_digest(list.hits), documents_of(list.hits)}};
}

CachedRoute::Evidence evidence_of_answer(const AnswerParts& parts, const rag::Question& question) {
  if (!parts.follower.refresh_if_behind()) return {};
  const auto evidence = parts.answerer.evidence(question);
  if (!evidence) return {};
  return {true, evidence->epoch, evidence->digest};
}

CachedRoute::Evidence evidence_of_search(const AnswerParts& parts, const SearchRequest& request) {
  if (!parts.follower.refresh_if_behind()) return {};
  const auto found = parts.retriever.retrieve(query_of(request));
  if (!found) return {};
  return {true, found->list.epoch, rag::evidence_digest(found->list.hits)};
}

CachedRoute ask_route(const AnswerParts& parts, std::string_view path, AskKind kind) {
  return {.path = path,
          .canonicalize =
              [kind](const http::Request& request) { return canonicalize_ask(request, kind); },
          .compute =
              [parts, kind](const std::string& canonical) {
                return compute_answer(parts, question_of(ask_from(canonical), kind));
              },
          .current_evidence =
              [parts, kind](const std::string& canonical) {
                return evidence_of_answer(parts, question_of(ask_from(canonical), kind));
              }};
}

}  // namespace

std::vector<CachedRoute> ask_routes(const AnswerParts& parts) {
  return {ask_route(parts, kAsk, AskKind::full), ask_route(parts, kAskSimple, AskKind::simple)};
}

std::vector<CachedRoute> search_routes(const AnswerParts& parts) {
  return {{.path = kSearch,
           .canonicalize = canonicalize_search,
           .compute =
               [parts](const std::string& canonical) {
                 return compute_search(parts, search_from(canonical));
               },
           .current_evidence =
               [parts](const std::string& canonical) {
                 return evidence_of_search(parts, search_from(canonical));
               }}};
}

Digest answer_version(const rag::Answerer& answerer) {
  return DigestBuilder().field(answerer.version()).field(kVersion).finish();
}

}  // namespace liquid::api
