#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tracking/filter_parser.h"
#include "tracking/search_sql.h"

// What the compilers of the five searches share.

namespace liquid::tracking {

/// A piece of SQL with the values of its parameters in order.
struct SqlText {
  std::string sql;
  std::vector<SqlValue> values;

  SqlText& add(std::string_view text) {
    sql += text;
    return *this;
  }
  SqlText& value(SqlValue bound) {
    sql += '?';
    values.push_back(std::move(bound));
    return *this;
  }
  SqlText& append(SqlText other);
};

/// SELECT keys FROM tables [joins] WHERE conditions ORDER BY orders; conditions are joined by AND.
struct SearchStatement {
  std::string keys;
  std::string tables;
  SqlText joins;
  std::vector<SqlText> conditions;
  std::vector<std::string> orders;

  void where(SqlText condition) { conditions.push_back(std::move(condition)); }
  void where(std::string_view condition) { conditions.push_back({std::string(condition), {}}); }
  /// With LIMIT and OFFSET. Errors: invalid_argument (token).
  Result<CompiledSearch> finish(std::int64_t max_results, std::string_view page_token);
  CompiledSearch finish_at(std::int64_t max_results, std::int64_t offset);
};

/// `column comparator value`, not for lists; ILIKE folds ASCII letters as SQLite's lower.
SqlText comparison(std::string_view column, Comparator comparator, SqlValue value);
/// The same with the clause's text or list of texts.
SqlText text_comparison(std::string_view column, const FilterClause& clause);
/// `column IN (…)` or NOT IN.
SqlText list_comparison(std::string_view column, Comparator comparator,
                        std::vector<SqlValue> values);
/// A comparison with the clause's number: a whole one or a double. Errors: invalid_argument (too
/// large a whole number).
Result<SqlText> number_comparison(std::string_view column, const FilterClause& clause);

/// column IN (1, 2, …); nothing is in an empty list.
SqlText in_numbers(std::string_view column, const std::vector<ExperimentId>& ids);
/// The condition of a view on a column "lifecycle_stage"; empty for all.
std::string_view stage_condition(ViewType view);

/// Of searches that know attributes and tags only. Errors: invalid_argument (another entity).
Result<bool> is_tag(const FilterIdentifier& identifier);

bool is_order_comparison(Comparator comparator);  ///< = != < <= > >=
bool is_text_comparison(Comparator comparator);   ///< = != LIKE ILIKE
bool is_list_comparison(Comparator comparator);   ///< IN, NOT IN
bool is_null_test(Comparator comparator);
/// = != LIKE ILIKE with a text.
bool is_text_test(const FilterClause& clause);

/// invalid_argument: the clause, and what is wrong with it.
Error invalid_clause(const FilterClause& clause, const std::string& reason);

/// Errors: invalid_argument with MLflow's words.
Result<void> check_max_results(std::int64_t max_results, std::int64_t limit);

/// The order clauses parsed. Errors: as `parse_order`.
Result<std::vector<OrderClause>> parse_orders(const std::vector<std::string>& texts);
Error duplicate_order(const std::string& text);

}  // namespace liquid::tracking
