#pragma once

#include <string>
#include <string_view>

#include "api/request_schema.h"

namespace liquid::api {

/// Canonical JSON text: two requests that must get the same answer have the same text. Defaults are
/// filled in, fields stand in the order of the schema, numbers are integers, the question is in
/// Unicode NFC with white space folded, fields that the route does not look at are left out:
///
///   /ask         {"question":"…","max_context_chunks":5,"use_hybrid_search":true,"fast_mode":true}
///   /ask/simple  {"question":"…","max_context_chunks":5}
///   /search      {"query":"…","top_k":5,"hybrid":true}
///
/// The text is itself a valid body that means the same: `parse_ask_text` and `parse_search_text`
/// read it back, and canonical text of that is the same text again.
std::string canonical_ask(const AskRequest& request);
std::string canonical_ask_simple(const AskRequest& request);
std::string canonical_search(const SearchRequest& request);

/// NFC with white space folded; valid UTF-8 in, the same out.
std::string canonical_text(std::string_view text);

}  // namespace liquid::api
