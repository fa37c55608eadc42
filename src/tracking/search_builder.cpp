#include "tracking/search_builder.h"

#include <iterator>

#include "tracking/page_token.h"

namespace liquid::tracking {

SqlText list_comparison(std::string_view column, Comparator comparator,
                        std::vector<SqlValue> values) {
  SqlText text;
  text.add(column).add(comparator == Comparator::in ? " IN (" : " NOT IN (");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text.add(", ");
    text.value(std::move(values[i]));
  }
  return std::move(text.add(")"));
}

SqlText text_comparison(std::string_view column, const FilterClause& clause) {
  if (!clause.value.is_list()) return comparison(column, clause.comparator, clause.value.text);
  const std::vector<std::string>& texts = clause.value.texts;
  return list_comparison(column, clause.comparator, {texts.begin(), texts.end()});
}

Result<SqlText> number_comparison(std::string_view column, const FilterClause& clause) {
  if (clause.value.kind == FilterValue::Kind::real) {
    return comparison(column, clause.comparator, real_number(clause.value));
  }
  const std::optional<std::int64_t> whole = whole_number(clause.value.written);
  if (whole) return comparison(column, clause.comparator, *whole);
  return invalid_clause(clause, "the number does not fit 64 bits");
}

SqlText& SqlText::append(SqlText other) {
  sql += other.sql;
  std::move(other.values.begin(), other.values.end(), std::back_inserter(values));
  return *this;
}

Result<CompiledSearch> SearchStatement::finish(std::int64_t max_results,
                                               std::string_view page_token) {
  const Result<std::int64_t> offset = offset_of_token(page_token);
  if (!offset) return offset.error();
  return finish_at(max_results, *offset);
}

CompiledSearch SearchStatement::finish_at(std::int64_t max_results, std::int64_t offset) {
  SqlText whole;
  whole.add("SELECT ").add(keys).add(" FROM ").add(tables).append(std::move(joins));
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    whole.add(i == 0 ? " WHERE " : " AND ").append(std::move(conditions[i]));
  }
  for (std::size_t i = 0; i < orders.size(); ++i) {
    whole.add(i == 0 ? " ORDER BY " : ", ").add(orders[i]);
  }
  whole.add(" LIMIT ").value(max_results + 1).add(" OFFSET ").value(offset);
  return CompiledSearch{std::move(whole.sql), std::move(whole.values), max_results, offset, ""};
}

SqlText comparison(std::string_view column, Comparator comparator, SqlValue value) {
  SqlText text;
  if (comparator == Comparator::ilike) {
    text.add("lower(").add(column).add(") LIKE lower(").value(std::move(value));
    return std::move(text.add(")"));
  }
  text.add(column).add(" ").add(comparator_text(comparator)).add(" ");
  return std::move(text.value(std::move(value)));
}

SqlText in_numbers(std::string_view column, const std::vector<ExperimentId>& ids) {
  SqlText text;
  text.add(column).add(" IN (");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) text.add(", ");
    // The column's affinity makes a number of the digits.
    text.value(ids[i].str());
  }
  return std::move(text.add(")"));
}

Result<bool> is_tag(const FilterIdentifier& identifier) {
  if (!identifier.entity || *identifier.entity == "attribute") return false;
  if (*identifier.entity == "tag" || *identifier.entity == "tags") return true;
  return Error{ErrorCode::invalid_argument,
               "Invalid entity type '" + *identifier.entity +
                   "'. Valid entity types are ('attribute', 'tag', 'tags')"};
}

std::string_view stage_condition(ViewType view) {
  switch (view) {
    case ViewType::active_only: return "lifecycle_stage='active'";
    case ViewType::deleted_only: return "lifecycle_stage='deleted'";
    case ViewType::all: return "lifecycle_stage IN ('active', 'deleted')";
  }
  return "";
}

bool is_list_comparison(Comparator comparator) {
  return comparator == Comparator::in || comparator == Comparator::not_in;
}

bool is_null_test(Comparator comparator) {
  return comparator == Comparator::is_null || comparator == Comparator::is_not_null;
}

bool is_text_comparison(Comparator comparator) {
  return comparator == Comparator::equal || comparator == Comparator::not_equal ||
         comparator == Comparator::like || comparator == Comparator::ilike;
}

bool is_order_comparison(Comparator comparator) {
  return comparator != Comparator::like && comparator != Comparator::ilike &&
         !is_list_comparison(comparator) && !is_null_test(comparator);
}

bool is_text_test(const FilterClause& clause) {
  return is_text_comparison(clause.comparator) && clause.value.is_text();
}

Error invalid_clause(const FilterClause& clause, const std::string& reason) {
  return {ErrorCode::invalid_argument, "Invalid filter clause \"" + clause.text +
                                           "\" at position " + std::to_string(clause.position + 1) +
                                           ": " + reason};
}

Result<void> check_max_results(std::int64_t max_results, std::int64_t limit) {
  const std::string value = "Invalid value " + std::to_string(max_results) +
                            " for parameter 'max_results' supplied. It must be ";
  if (max_results < 1) return Error{ErrorCode::invalid_argument, value + "a positive integer"};
  if (max_results <= limit) return {};
  return Error{ErrorCode::invalid_argument, value + "at most " + std::to_string(limit)};
}

Result<std::vector<OrderClause>> parse_orders(const std::vector<std::string>& texts) {
  std::vector<OrderClause> orders;
  for (const std::string& text : texts) {
    Result<OrderClause> order = parse_order(text);
    if (!order) return std::move(order).error();
    orders.push_back(std::move(*order));
  }
  return orders;
}

Error duplicate_order(const std::string& text) {
  return {ErrorCode::invalid_argument, "`order_by` contains duplicate fields: ['" + text + "']"};
}

std::string next_page_token(const CompiledSearch& search) {
  return token_of_offset(search.offset + search.max_results, search.token_scope);
}

}  // namespace liquid::tracking
