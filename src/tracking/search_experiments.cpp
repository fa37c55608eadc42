#include <string>

#include "tracking/search_builder.h"

// Searches of experiments. `e` is the experiment's row.

namespace liquid::tracking {
namespace {

constexpr std::int64_t kMaxResults = 50'000;

Result<void> check_key(const std::string& key) {
  if (key == "name" || key == "experiment_id" || key == "creation_time" ||
      key == "last_update_time") {
    return {};
  }
  return Error{ErrorCode::invalid_argument,
               "Invalid attribute key '" + key +
                   "' specified. Valid keys are name, experiment_id, creation_time, "
                   "last_update_time"};
}

// Ids are numbers in the table and quoted in filters.
Result<SqlText> id_condition(const FilterClause& clause) {
  const bool equal =
      clause.comparator == Comparator::equal || clause.comparator == Comparator::not_equal;
  if (!(equal && clause.value.is_text()) && !clause.value.is_list()) {
    return invalid_clause(clause, "experiment_id is compared with quoted ids by =, !=, IN, NOT IN");
  }
  std::vector<SqlValue> numbers;
  const std::vector<std::string> one = {clause.value.text};
  for (const std::string& id : equal ? one : clause.value.texts) {
    const std::optional<std::int64_t> number = whole_number(id);
    if (!number) {
      return Error{ErrorCode::invalid_argument,
                   "Invalid experiment ID '" + id + "'. Experiment ID must be a valid integer."};
    }
    numbers.emplace_back(*number);
  }
  if (equal) return comparison("e.experiment_id", clause.comparator, numbers.front());
  return list_comparison("e.experiment_id", clause.comparator, std::move(numbers));
}

// Words between key and value are in capitals here, except NOT IN and IS NULL.
bool is_in_capitals(const FilterClause& clause) {
  return is_null_test(clause.comparator) || clause.comparator == Comparator::not_in ||
         clause.comparator_written == comparator_text(clause.comparator);
}

Result<SqlText> attribute_condition(const FilterClause& clause) {
  const std::string& key = clause.identifier.key;
  const Result<void> known = check_key(key);
  if (!known) return known.error();
  if (key == "experiment_id") return id_condition(clause);
  if (key == "name") {
    if (is_text_test(clause)) return text_comparison("e.name", clause);
    return invalid_clause(clause, "name is compared with a quoted text by =, !=, LIKE, ILIKE");
  }
  if (is_order_comparison(clause.comparator) && clause.value.kind == FilterValue::Kind::integer) {
    return number_comparison("e." + key, clause);
  }
  return invalid_clause(clause, key + " is compared with a whole number by =, !=, <, <=, >, >=");
}

Result<SqlText> tag_condition(const FilterClause& clause) {
  SqlText text;
  if (clause.comparator == Comparator::is_null) text.add("NOT ");
  text.add(
      "EXISTS (SELECT 1 FROM experiment_tags t WHERE t.experiment_id=e.experiment_id AND "
      "t.key=");
  text.value(clause.identifier.key);
  if (is_null_test(clause.comparator)) return std::move(text.add(")"));
  if (!is_text_test(clause)) {
    return invalid_clause(clause, "a tag is compared with a quoted text by =, !=, LIKE, ILIKE");
  }
  text.add(" AND ").append(text_comparison("t.value", clause));
  return std::move(text.add(")"));
}

Result<void> add_orders(const std::vector<std::string>& texts, SearchStatement& statement) {
  if (texts.empty()) {
    statement.orders = {"e.creation_time DESC", "e.experiment_id ASC"};
    return {};
  }
  const auto orders = parse_orders(texts);
  if (!orders) return orders.error();
  bool by_id = false;
  for (const OrderClause& order : *orders) {
    const Result<bool> tag = is_tag(order.identifier);
    if (!tag) return tag.error();
    if (*tag) {
      return Error{ErrorCode::invalid_argument, "Invalid order_by entity: tag"};
    }
    const Result<void> known = check_key(order.identifier.key);
    if (!known) return known;
    by_id = by_id || order.identifier.key == "experiment_id";
    statement.orders.push_back("e." + order.identifier.key + (order.ascending ? "" : " DESC"));
  }
  if (!by_id) statement.orders.emplace_back("e.experiment_id DESC");
  return {};
}

}  // namespace

Result<CompiledSearch> compile_search(const ExperimentQuery& query) {
  const Result<void> checked = check_max_results(query.max_results, kMaxResults);
  if (!checked) return checked.error();
  const auto clauses = parse_filter(query.filter);
  if (!clauses) return clauses.error();
  SearchStatement statement{"e.experiment_id", "experiments e", {}, {}, {}};
  statement.where("e.workspace='default'");
  statement.where("e." + std::string(stage_condition(query.view)));
  for (const FilterClause& clause : *clauses) {
    const Result<bool> tag = is_tag(clause.identifier);
    if (!tag) return tag.error();
    if (!is_in_capitals(clause)) {
      return invalid_clause(
          clause, "write '" + std::string(comparator_text(clause.comparator)) + "' in capitals");
    }
    Result<SqlText> compiled = *tag ? tag_condition(clause) : attribute_condition(clause);
    if (!compiled) return std::move(compiled).error();
    statement.where(std::move(*compiled));
  }
  const Result<void> ordered = add_orders(query.order_by, statement);
  if (!ordered) return ordered.error();
  return statement.finish(query.max_results, query.page_token);
}

}  // namespace liquid::tracking
