#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/listing.h"
#include "tracking/entities.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it
class App;
}

namespace liquid::cli {

/// "name: value" lines with the values in one column.
class Facts {
 public:
  Facts& add(std::string_view name, std::string_view value);
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> facts_;
};

/// --view active|deleted|all.
void add_view_option(CLI::App& command, std::string& view);
tracking::ViewType view_type_of(std::string_view view);

/// --order-by (again for more) and --max-results.
void add_paging_options(CLI::App& command, std::vector<std::string>& order_by,
                        std::int64_t& max_results);

/// The largest page asked for at once; more are fetched in turn.
inline constexpr std::int64_t kLargestPage = 1000;

/// Up to `query.max_results` entities, page by page.
template <typename Entity, typename Query, typename Search>
Result<std::vector<Entity>> all_pages(Query query, Search&& search) {
  std::vector<Entity> all;
  std::int64_t left = query.max_results;
  do {
    query.max_results = std::min(left, kLargestPage);
    Result<tracking::Page<Entity>> page = search(query);
    if (!page) return std::move(page).error();
    left -= static_cast<std::int64_t>(page->items.size());
    std::move(page->items.begin(), page->items.end(), std::back_inserter(all));
    query.page_token = std::move(page->next_page_token);
  } while (left > 0 && !query.page_token.empty());
  return all;
}

/// A number as people read it: up to six digits that count, no needless zeros.
std::string readable_number(double value);
std::string number_text(double value, Digits digits);

}  // namespace liquid::cli
