#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "http/message.h"

namespace liquid::api {

/// Body of POST /ask and POST /ask/simple. The last two fields matter to /ask only.
struct AskRequest {
  std::string question;
  int max_context_chunks = 5;  ///< 1..20
  bool use_hybrid_search = true;
  bool fast_mode = true;
  bool operator==(const AskRequest&) const = default;
};

/// Body of POST /search.
struct SearchRequest {
  std::string query;
  int top_k = 5;  ///< 1..20
  bool hybrid = true;
  bool operator==(const SearchRequest&) const = default;
};

/// The request, or the answer that says what is wrong with it.
template <typename T>
using Checked = std::variant<T, http::Response>;

/// Reads and checks a body the way clients of the earlier Python servers know: integers also from
/// "7", 7.0 and true; booleans also from "yes", "off", 1; unknown fields ignored; of a repeated key
/// the last. 422 with FastAPI's list of problems for what does not fit the schema, is not JSON or
/// not labelled as JSON; 400 for what cannot even be looked at (not UTF-8, nested deeper than
/// `kMaxNesting`).
Checked<AskRequest> parse_ask(const http::Request& request);
Checked<SearchRequest> parse_search(const http::Request& request);

/// The same for text that is known to be meant as JSON.
Checked<AskRequest> parse_ask_text(std::string_view json);
Checked<SearchRequest> parse_search_text(std::string_view json);

inline constexpr std::size_t kMaxNesting = 64;

}  // namespace liquid::api
