#include <charconv>
#include <set>
#include <string>

#include "tracking/search_builder.h"

// Searches of experiments. `e` is the experiment's row.

namespace liquid::tracking {
namespace {

constexpr std::int64_t kMaxResults = 50'000;

Result<bool> is_tag(const FilterIdentifier& identifier) {
  if (!identifier.entity || *identifier.entity == "attribute") return false;
  if (*identifier.entity == "tag" || *identifier.entity == "tags") return true;
  return Error{ErrorCode::invalid_argument,
               "Invalid entity type '" + *identifier.entity +
                   "'. Valid entity types are ('attribute', 'tag', 'tags')"};
}

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

bool is_whole_number(const std::string& text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, number);
  return failed == std::errc() && stop == end;
}

// Ids are numbers in the table and quoted in filters.
Result<SqlText> id_condition(const FilterClause& clause) {
  const auto* text = std::get_if<std::string>(&clause.value);
  const auto* list = std::get_if<std::vector<std::string>>(&clause.value);
  const bool equal =
      clause.comparator == Comparator::equal || clause.comparator == Comparator::not_equal;
  if (!(equal && text != nullptr) && list == nullptr) {
    return invalid_clause(clause, "experiment_id is compared with quoted ids by =, !=, IN, NOT IN");
  }
  const std::vector<std::string> ids = list != nullptr ? *list : std::vector<std::string>{*text};
  for (const std::string& id : ids) {
    if (is_whole_number(id)) continue;
    return Error{ErrorCode::invalid_argument,
                 "Invalid experiment ID '" + id + "'. Experiment ID must be a valid integer."};
  }
  return comparison("e.experiment_id", clause.comparator, clause.value);
}

Result<SqlText> attribute_condition(const FilterClause& clause) {
  const std::string& key = clause.identifier.key;
  const Result<void> known = check_key(key);
  if (!known) return known.error();
  if (key == "experiment_id") return id_condition(clause);
  if (key == "name") {
    if (is_text_comparison(clause.comparator) &&
        std::holds_alternative<std::string>(clause.value)) {
      return comparison("e.name", clause.comparator, clause.value);
    }
    return invalid_clause(clause, "name is compared with a quoted text by =, !=, LIKE, ILIKE");
  }
  if (is_order_comparison(clause.comparator) &&
      std::holds_alternative<std::int64_t>(clause.value)) {
    return comparison("e." + key, clause.comparator, clause.value);
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
  if (!is_text_comparison(clause.comparator) ||
      !std::holds_alternative<std::string>(clause.value)) {
    return invalid_clause(clause, "a tag is compared with a quoted text by =, !=, LIKE, ILIKE");
  }
  text.add(" AND ").append(comparison("t.value", clause.comparator, clause.value));
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
    Result<SqlText> compiled = *tag ? tag_condition(clause) : attribute_condition(clause);
    if (!compiled) return std::move(compiled).error();
    statement.where(std::move(*compiled));
  }
  const Result<void> ordered = add_orders(query.order_by, statement);
  if (!ordered) return ordered.error();
  return statement.finish(query.max_results, query.page_token);
}

}  // namespace liquid::tracking
