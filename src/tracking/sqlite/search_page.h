#pragma once

#include <utility>

#include "base/result.h"
#include "tracking/search_sql.h"
#include "tracking/sqlite/connection.h"

namespace liquid::tracking::sqlite {

/// The page that a compiled search describes. `load(const Query& key)` reads the entity whose key
/// columns the row holds and returns Result<Entity>; it may run other statements.
template <typename Entity, typename Load>
Result<Page<Entity>> read_page(Connection& connection, const CompiledSearch& search, Load&& load) {
  Result<Query> keys = connection.query(search.sql);
  if (!keys) return std::move(keys).error();
  for (const SqlValue& value : search.values) keys->bind(value);
  Page<Entity> page;
  for (;;) {
    const Result<bool> row = keys->next();
    if (!row) return row.error();
    if (!*row) return page;
    if (std::ssize(page.items) == search.max_results) {
      page.next_page_token = next_page_token(search);
      return page;
    }
    Result<Entity> item = load(static_cast<const Query&>(*keys));
    if (!item) return std::move(item).error();
    page.items.push_back(std::move(*item));
  }
}

}  // namespace liquid::tracking::sqlite
