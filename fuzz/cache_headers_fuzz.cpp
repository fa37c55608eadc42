#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cache/entity_tag.h"
#include "cache/request_directives.h"

using namespace liquid::cache;

// Any header value: Cache-Control is read without a negative age, and twice the same value says
// what one says; If-None-Match fits exactly when our tag stands in it, or `*` alone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  RequestDirectives once;
  add_cache_control(value, once);
  RequestDirectives twice = once;
  add_cache_control(value, twice);
  if (once != twice) std::abort();
  if (once.max_age && once.max_age->count() < 0) std::abort();

  const EntityTag tag = EntityTag::of("body");
  const bool fits = if_none_match(value, tag, Wildcard::ignored);
  if (fits && value.find(tag.text()) == std::string_view::npos) std::abort();
  const bool is_wild = if_none_match(value, tag, Wildcard::matches) && !fits;
  if (is_wild && value.find('*') == std::string_view::npos) std::abort();
  return 0;
}
