#include "api/answer_json.h"

#include <algorithm>

#include "api/json_writer.h"

namespace liquid::api {
namespace {

void write_hit(JsonWriter& json, const search::Hit& hit) {
  json.begin_object().key("chunk_id").string(hit.chunk_id);
  json.key("text").string(hit.text);
  json.key("score").number(std::clamp(hit.relevance, 0.0, 1.0));
  json.key("source").string(hit.path.empty() ? "unknown" : std::string_view(hit.path));
  json.key("section");
  hit.section.empty() ? json.null() : json.string(hit.section);
  json.key("document_id").string(hit.document_id);
  json.key("page");
  hit.page ? json.integer(*hit.page) : json.null();
  json.end_object();
}

}  // namespace

std::string answer_json(const rag::Answer& answer) {
  JsonWriter json;
  json.begin_object().key("answer").string(answer.text);
  json.key("sources").begin_array();
  for (const std::string& source : answer.sources) json.string(source);
  json.end_array().key("confidence").number(answer.confidence);
  json.key("context_used").integer(static_cast<std::int64_t>(answer.context_used));
  json.key("retrieval").string(search::retrieval_name(answer.retrieval)).end_object();
  return std::move(json).take();
}

std::string search_json(std::string_view query, const search::Retrieved& retrieved) {
  const std::vector<search::Hit>& hits = retrieved.list.hits;
  JsonWriter json;
  json.begin_object().key("results").begin_array();
  for (const search::Hit& hit : hits) write_hit(json, hit);
  json.end_array().key("total").integer(static_cast<std::int64_t>(hits.size()));
  json.key("query").string(query);
  json.key("retrieval").string(search::retrieval_name(retrieved.kind)).end_object();
  return std::move(json).take();
}

}  // namespace liquid::api
