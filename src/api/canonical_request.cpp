#include "api/canonical_request.h"

#include "api/json_writer.h"
#include "base/unicode.h"

namespace liquid::api {

std::string canonical_text(std::string_view text) {
  return fold_white_space(to_nfc(text).value_or(std::string(text)));
}

std::string canonical_ask(const AskRequest& request) {
  JsonWriter json;
  json.begin_object().key("question").string(canonical_text(request.question));
  json.key("max_context_chunks").integer(request.max_context_chunks);
  json.key("use_hybrid_search").boolean(request.use_hybrid_search);
  json.key("fast_mode").boolean(request.fast_mode).end_object();
  return std::move(json).take();
}

std::string canonical_ask_simple(const AskRequest& request) {
  JsonWriter json;
  json.begin_object().key("question").string(canonical_text(request.question));
  json.key("max_context_chunks").integer(request.max_context_chunks).end_object();
  return std::move(json).take();
}

std::string canonical_search(const SearchRequest& request) {
  JsonWriter json;
  json.begin_object().key("query").string(canonical_text(request.query));
  json.key("top_k").integer(request.top_k);
  json.key("hybrid").boolean(request.hybrid).end_object();
  return std::move(json).take();
}

}  // namespace liquid::api
