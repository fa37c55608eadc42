#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "tracking/search_builder.h"

// Searches of runs. `r` is the run's row.

namespace liquid::tracking {
namespace {

constexpr std::int64_t kMaxResults = 50'000;

enum class Entity { attribute, metric, param, tag, dataset };

struct EntityName {
  std::string_view name;
  Entity entity;
};
constexpr std::array<EntityName, 14> kEntities = {{{"metric", Entity::metric},
                                                   {"metrics", Entity::metric},
                                                   {"parameter", Entity::param},
                                                   {"parameters", Entity::param},
                                                   {"param", Entity::param},
                                                   {"params", Entity::param},
                                                   {"tag", Entity::tag},
                                                   {"tags", Entity::tag},
                                                   {"attribute", Entity::attribute},
                                                   {"attributes", Entity::attribute},
                                                   {"attr", Entity::attribute},
                                                   {"run", Entity::attribute},
                                                   {"dataset", Entity::dataset},
                                                   {"datasets", Entity::dataset}}};

enum class Kind { text, number };

struct Attribute {
  std::string_view name;
  std::string_view column;
  Kind kind;
};
constexpr std::array<Attribute, 12> kAttributes = {{{"run_id", "r.run_uuid", Kind::text},
                                                    {"run_name", "r.name", Kind::text},
                                                    {"run name", "r.name", Kind::text},
                                                    {"Run name", "r.name", Kind::text},
                                                    {"Run Name", "r.name", Kind::text},
                                                    {"user_id", "r.user_id", Kind::text},
                                                    {"status", "r.status", Kind::text},
                                                    {"artifact_uri", "r.artifact_uri", Kind::text},
                                                    {"start_time", "r.start_time", Kind::number},
                                                    {"end_time", "r.end_time", Kind::number},
                                                    {"created", "r.start_time", Kind::number},
                                                    {"Created", "r.start_time", Kind::number}}};

Result<Entity> entity_of(const FilterIdentifier& identifier) {
  if (!identifier.entity) return Entity::attribute;
  std::string_view name = *identifier.entity;
  if (name.size() >= 2 && name.front() == '`' && name.back() == '`') {
    name = name.substr(1, name.size() - 2);
  }
  for (const EntityName& each : kEntities) {
    if (each.name == name) return each.entity;
  }
  return Error{ErrorCode::invalid_argument,
               "Invalid entity type '" + *identifier.entity +
                   "'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']"};
}

Result<Attribute> attribute_of(const std::string& key) {
  for (const Attribute& each : kAttributes) {
    if (each.name == key) return each;
  }
  return Error{ErrorCode::invalid_argument,
               "Invalid attribute key '" + key +
                   "' specified. Valid keys are artifact_uri, end_time, run_id, run_name, "
                   "start_time, status, user_id"};
}

Result<SqlText> attribute_condition(const FilterClause& clause) {
  const Result<Attribute> attribute = attribute_of(clause.identifier.key);
  if (!attribute) return attribute.error();
  if (is_null_test(clause.comparator)) {
    return invalid_clause(clause, "IS NULL and IS NOT NULL are for tags and params");
  }
  if (attribute->kind == Kind::number) {
    if (!is_order_comparison(clause.comparator) || !clause.value.is_number()) {
      return invalid_clause(clause, "'" + clause.identifier.key +
                                        "' is compared with a number by =, !=, <, <=, >, >=");
    }
    return number_comparison(attribute->column, clause);
  }
  if (is_list_comparison(clause.comparator)) {
    if (attribute->name == "run_id") return text_comparison(attribute->column, clause);
    return invalid_clause(clause, "only run_id can be compared with a list");
  }
  if (!is_text_test(clause)) {
    return invalid_clause(clause, "'" + clause.identifier.key +
                                      "' is compared with a quoted text by =, !=, LIKE, ILIKE");
  }
  if (attribute->column != "r.name") {
    return text_comparison(attribute->column, clause);
  }
  // The tag counts: the column is empty for runs of MLflow before 1.30.
  SqlText text;
  text.add(
      "EXISTS (SELECT 1 FROM tags t WHERE t.run_uuid=r.run_uuid AND "
      "t.key='mlflow.runName' AND ");
  return std::move(text.append(text_comparison("t.value", clause)).add(")"));
}

// NaN is stored as 0 with a mark. It equals nothing and is unequal to everything.
Result<SqlText> metric_condition(const FilterClause& clause) {
  if (!clause.value.is_number()) {
    return invalid_clause(clause, "a metric is compared with a number");
  }
  if (!is_order_comparison(clause.comparator)) {
    return invalid_clause(clause, "a metric is compared by =, !=, <, <=, >, >=");
  }
  const bool unequal = clause.comparator == Comparator::not_equal;
  SqlText text;
  text.add("EXISTS (SELECT 1 FROM latest_metrics m WHERE m.run_uuid=r.run_uuid AND m.key=");
  text.value(clause.identifier.key).add(" AND (");
  text.append(comparison("m.value", clause.comparator, real_number(clause.value)));
  return std::move(text.add(unequal ? " OR m.is_nan=1))" : " AND m.is_nan=0))"));
}

Result<SqlText> pair_condition(const FilterClause& clause, const char* table) {
  SqlText text;
  if (clause.comparator == Comparator::is_null) text.add("NOT ");
  text.add("EXISTS (SELECT 1 FROM ").add(table).add(" p WHERE p.run_uuid=r.run_uuid AND p.key=");
  text.value(clause.identifier.key);
  if (is_null_test(clause.comparator)) return std::move(text.add(")"));
  if (!is_text_test(clause)) {
    return invalid_clause(clause, "it is compared with a quoted text by =, !=, LIKE, ILIKE");
  }
  text.add(" AND ").append(text_comparison("p.value", clause));
  return std::move(text.add(")"));
}

Result<SqlText> dataset_condition(const FilterClause& clause) {
  const std::string& key = clause.identifier.key;
  if (key != "name" && key != "digest" && key != "context") {
    return invalid_clause(clause,
                          "Invalid dataset key '" + key + "'; valid are name, digest, context");
  }
  const bool list = is_list_comparison(clause.comparator);
  if (!list && !is_text_test(clause)) {
    return invalid_clause(clause,
                          "a dataset is compared with quoted texts by =, !=, LIKE, ILIKE, "
                          "IN, NOT IN");
  }
  SqlText text;
  text.add("EXISTS (SELECT 1 FROM inputs i JOIN datasets d ON d.dataset_uuid=i.source_id ");
  if (key == "context") {
    text.add("JOIN input_tags c ON c.input_uuid=i.input_uuid AND c.name='mlflow.data.context' ");
  }
  text.add("WHERE i.destination_id=r.run_uuid AND i.destination_type='RUN' AND ");
  text.append(text_comparison(key == "context" ? "c.value" : "d." + key, clause));
  return std::move(text.add(")"));
}

Result<SqlText> condition(const FilterClause& clause) {
  const Result<Entity> entity = entity_of(clause.identifier);
  if (!entity) return entity.error();
  switch (*entity) {
    case Entity::attribute: return attribute_condition(clause);
    case Entity::metric: return metric_condition(clause);
    case Entity::param: return pair_condition(clause, "params");
    case Entity::tag: return pair_condition(clause, "tags");
    case Entity::dataset: return dataset_condition(clause);
  }
  return Error{ErrorCode::internal, "unknown entity"};
}

// Numbers first, then NaN, then runs without the key; texts likewise with those without last.
Result<std::string> add_order(const OrderClause& order, std::size_t index,
                              SearchStatement& statement) {
  const Result<Entity> entity = entity_of(order.identifier);
  if (!entity) return entity.error();
  const std::string direction = order.ascending ? "" : " DESC";
  if (*entity == Entity::attribute) {
    if (order.identifier.key.find(' ') != std::string::npos) {
      return Error{ErrorCode::invalid_argument, "Invalid order_by clause '" + order.text +
                                                    "': write run_name to order by the name"};
    }
    const Result<Attribute> attribute = attribute_of(order.identifier.key);
    if (!attribute) return attribute.error();
    const std::string column(attribute->column);
    statement.orders.push_back(column + " IS NULL");
    statement.orders.push_back(column + direction);
    return column;
  }
  if (*entity == Entity::dataset) {
    return Error{ErrorCode::invalid_argument,
                 "Invalid order_by clause '" + order.text + "': runs cannot be ordered by dataset"};
  }
  const bool metric = *entity == Entity::metric;
  const std::string alias = "o" + std::to_string(index);
  const std::string table = metric ? "latest_metrics" : *entity == Entity::tag ? "tags" : "params";
  statement.joins.add(" LEFT JOIN " + table + " " + alias + " ON " + alias +
                      ".run_uuid=r.run_uuid AND " + alias + ".key=");
  statement.joins.value(order.identifier.key);
  const std::string value = alias + ".value";
  statement.orders.push_back(metric ? "CASE WHEN " + alias + ".is_nan=1 THEN 1 WHEN " + value +
                                          " IS NULL THEN 2 ELSE 0 END"
                                    : value + " IS NULL");
  statement.orders.push_back(value + direction);
  return table + "." + order.identifier.key;
}

Result<void> add_orders(const std::vector<std::string>& texts, SearchStatement& statement) {
  const auto orders = parse_orders(texts);
  if (!orders) return orders.error();
  std::set<std::string> seen;
  for (std::size_t i = 0; i < orders->size(); ++i) {
    const Result<std::string> field = add_order((*orders)[i], i, statement);
    if (!field) return field.error();
    if (!seen.insert(*field).second) return duplicate_order((*orders)[i].text);
  }
  if (!seen.contains("r.start_time")) statement.orders.emplace_back("r.start_time DESC");
  statement.orders.emplace_back("r.run_uuid");
  return {};
}

}  // namespace

Result<CompiledSearch> compile_search(const RunQuery& query) {
  const Result<void> checked = check_max_results(query.max_results, kMaxResults);
  if (!checked) return checked.error();
  const auto clauses = parse_filter(query.filter);
  if (!clauses) return clauses.error();
  SearchStatement statement{"r.run_uuid", "runs r", {}, {}, {}};
  statement.where(in_numbers("r.experiment_id", query.experiment_ids));
  statement.where("r." + std::string(stage_condition(query.view)));
  for (const FilterClause& clause : *clauses) {
    Result<SqlText> compiled = condition(clause);
    if (!compiled) return std::move(compiled).error();
    statement.where(std::move(*compiled));
  }
  const Result<void> ordered = add_orders(query.order_by, statement);
  if (!ordered) return ordered.error();
  return statement.finish(query.max_results, query.page_token);
}

}  // namespace liquid::tracking
