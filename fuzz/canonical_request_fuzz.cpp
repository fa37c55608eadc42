#include <cstdint>
#include <cstdlib>

#include "api/canonical_request.h"
#include "base/unicode.h"

using namespace liquid;

// Any bytes: a refusal, or canonical text that is valid UTF-8 and its own canonical text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto ask = api::parse_ask_text(body);
  if (const auto* request = std::get_if<api::AskRequest>(&ask)) {
    const std::string text = api::canonical_ask(*request);
    const auto again = api::parse_ask_text(text);
    if (!is_valid_utf8(text) || again.index() != 0) std::abort();
    if (api::canonical_ask(std::get<api::AskRequest>(again)) != text) std::abort();
  }
  const auto search = api::parse_search_text(body);
  if (const auto* request = std::get_if<api::SearchRequest>(&search)) {
    const std::string text = api::canonical_search(*request);
    const auto again = api::parse_search_text(text);
    if (!is_valid_utf8(text) || again.index() != 0) std::abort();
    if (api::canonical_search(std::get<api::SearchRequest>(again)) != text) std::abort();
  }
  return 0;
}
