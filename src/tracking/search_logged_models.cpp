#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <string>

#include "tracking/page_token.h"
#include "tracking/search_builder.h"

// Searches of logged models. `l` is the model's row.

namespace liquid::tracking {
namespace {

constexpr std::int64_t kUsualResults = 100;

struct Attribute {
  std::string_view name;
  std::string_view column;
  bool is_number;
};
constexpr std::array<Attribute, 14> kAttributes = {
    {{"model_id", "l.model_id", false},
     {"experiment_id", "l.experiment_id", false},
     {"name", "l.name", false},
     {"artifact_location", "l.artifact_location", false},
     {"creation_timestamp_ms", "l.creation_timestamp_ms", true},
     {"creation_timestamp", "l.creation_timestamp_ms", true},
     {"creation_time", "l.creation_timestamp_ms", true},
     {"last_updated_timestamp_ms", "l.last_updated_timestamp_ms", true},
     {"last_updated_timestamp", "l.last_updated_timestamp_ms", true},
     {"status", "l.status", false},
     {"lifecycle_stage", "l.lifecycle_stage", false},
     {"model_type", "l.model_type", false},
     {"source_run_id", "l.source_run_id", false},
     {"status_message", "l.status_message", false}}};

Result<Attribute> attribute_of(const std::string& key) {
  for (const Attribute& each : kAttributes) {
    if (each.name == key) return each;
  }
  return Error{ErrorCode::invalid_argument,
               "Invalid attribute '" + key +
                   "'. Valid are name, model_id, model_type, status, source_run_id, "
                   "creation_timestamp, last_updated_timestamp"};
}

// MLflow takes the value as written, without single quotes at its ends however many there are; so a
// number is its own text, and double quotes belong to it.
std::string text_value(const FilterValue& value) {
  const std::size_t begin = value.written.find_first_not_of('\'');
  if (begin == std::string::npos) return "";
  return value.written.substr(begin, value.written.find_last_not_of('\'') + 1 - begin);
}

Result<SqlText> text_condition(const std::string& column, const FilterClause& clause) {
  if (!is_text_comparison(clause.comparator) && !is_list_comparison(clause.comparator)) {
    return invalid_clause(clause, "texts are compared by =, !=, LIKE, ILIKE, IN, NOT IN");
  }
  if (clause.value.is_list()) {
    if (is_list_comparison(clause.comparator)) return text_comparison(column, clause);
    return invalid_clause(clause, "lists are for IN and NOT IN");
  }
  if (clause.value.kind == FilterValue::Kind::word) {
    return invalid_clause(clause, "the text has no quotes");
  }
  return comparison(column, clause.comparator, text_value(clause.value));
}

Result<SqlText> number_condition(const std::string& column, const FilterClause& clause) {
  if (!is_order_comparison(clause.comparator) || !clause.value.is_number()) {
    return invalid_clause(clause, "it is compared with a number by =, !=, <, <=, >, >=");
  }
  return comparison(column, clause.comparator, real_number(clause.value));
}

// (dataset_name=? AND dataset_digest=? OR …)
SqlText on_datasets(const std::vector<Dataset>& datasets) {
  SqlText text;
  text.add("(");
  for (std::size_t i = 0; i < datasets.size(); ++i) {
    text.add(i == 0 ? "" : " OR ").add("x.dataset_name=").value(datasets[i].name);
    if (!datasets[i].digest.empty()) {
      text.add(" AND x.dataset_digest=").value(datasets[i].digest);
    }
  }
  return std::move(text.add(")"));
}

Result<SqlText> metric_condition(const FilterClause& clause, const std::string& key,
                                 const std::vector<Dataset>& datasets) {
  Result<SqlText> compared = number_condition("x.metric_value", clause);
  if (!compared) return compared;
  SqlText text;
  text.add(
      "EXISTS (SELECT 1 FROM logged_model_metrics x WHERE x.model_id=l.model_id AND "
      "x.metric_name=");
  text.value(key).add(" AND ").append(std::move(*compared));
  if (!datasets.empty()) text.add(" AND ").append(on_datasets(datasets));
  return std::move(text.add(")"));
}

Result<SqlText> pair_condition(const FilterClause& clause, const std::string& key,
                               const std::string& kind) {
  Result<SqlText> compared = text_condition("x." + kind + "_value", clause);
  if (!compared) return compared;
  SqlText text;
  text.add("EXISTS (SELECT 1 FROM logged_model_").add(kind).add("s x WHERE x.model_id=l.model_id");
  text.add(" AND x.").add(kind).add("_key=").value(key).add(" AND ");
  return std::move(text.append(std::move(*compared)).add(")"));
}

// Keys lose the backticks at their ends and no other quotes.
struct Field {
  std::string entity;  ///< Empty: none.
  std::string key;
  bool is_column =
      false;  ///< Behind an entity or in backticks, other names of columns are unknown.
};

Field field_of(const std::string& written) {
  const std::size_t dot = written.find('.');
  Field field{"", written, false};
  if (dot != std::string::npos && dot > 0 &&
      std::all_of(written.begin(), written.begin() + static_cast<std::ptrdiff_t>(dot),
                  [](unsigned char c) { return std::islower(c) != 0; })) {
    field = {written.substr(0, dot), written.substr(dot + 1), true};
  }
  const std::size_t begin = field.key.find_first_not_of('`');
  if (begin == std::string::npos) return {field.entity, "", true};
  field.is_column = field.is_column || begin > 0;
  field.key = field.key.substr(begin, field.key.find_last_not_of('`') + 1 - begin);
  return field;
}

Result<SqlText> condition(const FilterClause& clause, const std::vector<Dataset>& datasets) {
  if (is_null_test(clause.comparator)) {
    return invalid_clause(clause, "logged models have no IS NULL and IS NOT NULL");
  }
  const Field field = field_of(clause.identifier.written);
  if (field.entity == "metrics") return metric_condition(clause, field.key, datasets);
  if (field.entity == "params") return pair_condition(clause, field.key, "param");
  if (field.entity == "tags") return pair_condition(clause, field.key, "tag");
  if (field.entity != "attributes" && field.entity != "") {
    return Error{ErrorCode::invalid_argument,
                 "Invalid entity type: '" + field.entity +
                     "'. Expected one of ['attributes', 'metrics', 'params', 'tags']."};
  }
  const Result<Attribute> attribute = attribute_of(field.key);
  if (!attribute) return attribute.error();
  const std::string column(attribute->column);
  if (field.is_column && column != "l." + field.key) {
    return invalid_clause(clause, "write " + field.key + " alone, or " + column.substr(2));
  }
  return attribute->is_number ? number_condition(column, clause) : text_condition(column, clause);
}

// The newest point of the metric, on the dataset that the order names.
void add_metric_order(const LoggedModelOrder& order, const std::string& key, std::size_t index,
                      SearchStatement& statement) {
  const std::string alias = "o" + std::to_string(index);
  SqlText& joins = statement.joins;
  joins.add(
      " LEFT JOIN (SELECT model_id, metric_value, row_number() OVER (PARTITION BY model_id "
      "ORDER BY metric_timestamp_ms DESC, metric_step DESC, run_id) AS place "
      "FROM logged_model_metrics WHERE metric_name=");
  joins.value(key);
  if (!order.dataset_name.empty()) joins.add(" AND dataset_name=").value(order.dataset_name);
  if (!order.dataset_digest.empty()) joins.add(" AND dataset_digest=").value(order.dataset_digest);
  joins.add(") " + alias + " ON " + alias + ".model_id=l.model_id AND " + alias + ".place=1");
  statement.orders.push_back(alias + ".metric_value IS NULL");
  statement.orders.push_back(alias + ".metric_value" + (order.ascending ? "" : " DESC"));
}

Result<std::string> add_order(const LoggedModelOrder& order, std::size_t index,
                              SearchStatement& statement) {
  const std::size_t dot = order.field.find('.');
  if (dot != std::string::npos) {
    if (order.field.substr(0, dot) != "metrics") {
      return Error{ErrorCode::invalid_argument,
                   "Invalid order by field name: " + order.field + ". Only metrics are supported."};
    }
    add_metric_order(order, order.field.substr(dot + 1), index, statement);
    return std::string();
  }
  const Result<Attribute> attribute = attribute_of(order.field);
  if (!attribute) {
    return Error{ErrorCode::invalid_argument, "Invalid order by field name: " + order.field};
  }
  const std::string column(attribute->column);
  statement.orders.push_back(column + " IS NULL");
  statement.orders.push_back(column + (order.ascending ? "" : " DESC"));
  return column;
}

Result<void> add_orders(const std::vector<LoggedModelOrder>& orders, SearchStatement& statement) {
  bool by_time = false;
  bool by_id = false;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const Result<std::string> column = add_order(orders[i], i, statement);
    if (!column) return column.error();
    by_time = by_time || *column == "l.creation_timestamp_ms";
    by_id = by_id || *column == "l.model_id";
  }
  if (!by_time) statement.orders.emplace_back("l.creation_timestamp_ms DESC");
  if (!by_id) statement.orders.emplace_back("l.model_id");
  return {};
}

Result<void> add_datasets(const LoggedModelQuery& query, const std::vector<FilterClause>& clauses,
                          SearchStatement& statement) {
  for (const Dataset& dataset : query.datasets) {
    if (!dataset.name.empty()) continue;
    return Error{ErrorCode::invalid_argument,
                 "`dataset_name` in the `datasets` clause must be specified."};
  }
  const bool on_metrics = std::any_of(clauses.begin(), clauses.end(), [](const auto& clause) {
    return field_of(clause.identifier.written).entity == "metrics";
  });
  if (query.datasets.empty() || on_metrics) return {};
  SqlText text;
  text.add("EXISTS (SELECT 1 FROM logged_model_metrics x WHERE x.model_id=l.model_id AND ");
  statement.where(std::move(text.append(on_datasets(query.datasets)).add(")")));
  return {};
}

}  // namespace

Result<CompiledSearch> compile_search(const LoggedModelQuery& query) {
  // MLflow's own client sends 0 for "not said" and knows no limit here.
  const std::int64_t max_results = query.max_results == 0 ? kUsualResults : query.max_results;
  const Result<void> checked =
      check_max_results(max_results, std::numeric_limits<std::int32_t>::max());
  if (!checked) return checked.error();
  const auto clauses = parse_filter(query.filter);
  if (!clauses) return clauses.error();
  SearchStatement statement{"l.model_id", "logged_models l", {}, {}, {}};
  statement.where(in_numbers("l.experiment_id", query.experiment_ids));
  statement.where("l.lifecycle_stage<>'deleted'");
  for (const FilterClause& clause : *clauses) {
    Result<SqlText> compiled = condition(clause, query.datasets);
    if (!compiled) return std::move(compiled).error();
    statement.where(std::move(*compiled));
  }
  Result<void> done = add_datasets(query, *clauses, statement);
  if (done) done = add_orders(query.order_by, statement);
  if (!done) return std::move(done).error();
  const Result<std::int64_t> offset = offset_of_token(query);
  if (!offset) return offset.error();
  CompiledSearch search = statement.finish_at(max_results, *offset);
  search.token_scope = token_scope(query);
  return search;
}

}  // namespace liquid::tracking
