#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tracking/filter_parser.h"
#include "tracking/search_sql.h"

using namespace liquid::tracking;

// Any bytes as a filter and as an order: an error, or clauses each of which alone reads the same
// again; and every search compiles or refuses, with one value per parameter at least.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)parse_order(text);
  const auto clauses = parse_filter(text);
  for (std::size_t i = 0; clauses && i < clauses->size(); ++i) {
    FilterClause expected = (*clauses)[i];
    expected.position = 0;
    const auto again = parse_filter(expected.text);
    if (!again || again->size() != 1 || again->front() != expected) std::abort();
  }
  RunQuery runs;
  runs.filter = text;
  const auto search = compile_search(runs);
  if (search && (!clauses || search->values.size() < clauses->size())) std::abort();
  return 0;
}
