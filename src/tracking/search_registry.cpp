#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>

#include "tracking/search_builder.h"

// Searches of registered models and of their versions. `m` is the row of either.

namespace liquid::tracking {
namespace {

constexpr std::int64_t kMaxModels = 1000;
constexpr std::int64_t kMaxVersions = 200'000;
constexpr std::string_view kPromptTag = "mlflow.prompt.is_prompt";

enum class Kind { text, list_or_text, number };

struct Attribute {
  std::string_view name;
  std::string_view column;
  Kind kind;
};

// What is searched, and by what.
struct Target {
  std::string_view keys;
  std::string_view table;
  std::string_view tag_table;
  std::string_view same_row;  ///< Joins a tag `t` to its row `m`.
  bool is_order_bare;         ///< Keys of orders have no entity before them.
  std::array<Attribute, 4> attributes;
  std::array<Attribute, 4> orders;
};

constexpr Attribute kNoAttribute{"", "", Kind::text};

constexpr Target kModels{
    "m.name",
    "registered_models m",
    "registered_model_tags",
    "t.workspace=m.workspace AND t.name=m.name",
    true,
    {{{"name", "m.name", Kind::list_or_text}, kNoAttribute, kNoAttribute, kNoAttribute}},
    {{{"name", "m.name", Kind::text},
      {"timestamp", "m.last_updated_time", Kind::number},
      {"last_updated_timestamp", "m.last_updated_time", Kind::number},
      kNoAttribute}}};

constexpr Target kVersions{"m.name, m.version",
                           "model_versions m",
                           "model_version_tags",
                           "t.workspace=m.workspace AND t.name=m.name AND t.version=m.version",
                           false,
                           {{{"name", "m.name", Kind::list_or_text},
                             {"run_id", "m.run_id", Kind::list_or_text},
                             {"source_path", "m.source", Kind::text},
                             {"version_number", "m.version", Kind::number}}},
                           {{{"name", "m.name", Kind::text},
                             {"version_number", "m.version", Kind::number},
                             {"creation_timestamp", "m.creation_time", Kind::number},
                             {"last_updated_timestamp", "m.last_updated_time", Kind::number}}}};

Result<Attribute> find(const std::array<Attribute, 4>& attributes, const std::string& key) {
  std::string valid;
  for (const Attribute& each : attributes) {
    if (!each.name.empty() && each.name == key) return each;
    if (!each.name.empty()) valid.append(valid.empty() ? "" : ", ").append(each.name);
  }
  return Error{ErrorCode::invalid_argument,
               "Invalid attribute key '" + key + "' specified. Valid keys are " + valid};
}

// MLflow takes the number quoted too.
Result<SqlText> number_condition(const FilterClause& clause, const Attribute& attribute) {
  const FilterValue& value = clause.value;
  std::optional<std::int64_t> number;
  if (value.is_text()) number = whole_number(value.text);
  if (value.kind == FilterValue::Kind::integer) number = whole_number(value.written);
  if (!number || !is_order_comparison(clause.comparator)) {
    return invalid_clause(clause, std::string(attribute.name) +
                                      " is compared with a whole number by =, !=, <, <=, >, >=");
  }
  return comparison(attribute.column, clause.comparator, *number);
}

Result<SqlText> attribute_condition(const FilterClause& clause, const Target& target) {
  // A quoted key is no attribute here.
  const std::string& written = clause.identifier.written;
  const Result<Attribute> attribute =
      find(target.attributes, written.substr(written.find('.') + 1));
  if (!attribute) return attribute.error();
  if (attribute->kind == Kind::number) return number_condition(clause, *attribute);
  if (is_list_comparison(clause.comparator)) {
    if (attribute->kind == Kind::list_or_text) {
      return text_comparison(attribute->column, clause);
    }
    return invalid_clause(clause, std::string(attribute->name) + " takes no list");
  }
  if (is_text_test(clause)) return text_comparison(attribute->column, clause);
  return invalid_clause(clause, std::string(attribute->name) +
                                    " is compared with a quoted text by =, !=, LIKE, ILIKE");
}

Result<SqlText> tag_condition(const FilterClause& clause, const Target& target) {
  if (!is_text_test(clause)) {
    return invalid_clause(clause, "a tag is compared with a quoted text by =, !=, LIKE, ILIKE");
  }
  SqlText text;
  text.add("EXISTS (SELECT 1 FROM ").add(target.tag_table).add(" t WHERE ").add(target.same_row);
  text.add(" AND t.key=").value(clause.identifier.key).add(" AND ");
  text.append(text_comparison("t.value", clause));
  return std::move(text.add(")"));
}

bool is_prompt_clause(const FilterClause& clause) {
  return clause.identifier.entity && clause.identifier.entity->starts_with("tag") &&
         clause.identifier.key == kPromptTag;
}

// The first clause about the tag decides; prompts are wanted by = 'true' and != 'false'.
bool wants_prompts(const std::vector<FilterClause>& clauses) {
  const auto clause = std::find_if(clauses.begin(), clauses.end(), is_prompt_clause);
  if (clause == clauses.end()) return false;
  std::string lower = clause->value.text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return (clause->comparator == Comparator::equal && lower == "true") ||
         (clause->comparator == Comparator::not_equal && lower == "false");
}

Result<void> add_conditions(const std::vector<FilterClause>& clauses, const Target& target,
                            SearchStatement& statement) {
  const bool prompts = wants_prompts(clauses);
  statement.where("m.workspace='default'");
  if (!prompts) {
    statement.where("m.name NOT IN (SELECT t.name FROM " + std::string(target.tag_table) +
                    " t WHERE t.workspace='default' AND t.key='" + std::string(kPromptTag) +
                    "' AND t.value='true')");
  }
  for (const FilterClause& clause : clauses) {
    const Result<bool> tag = is_tag(clause.identifier);
    if (!tag) return tag.error();
    Result<SqlText> compiled =
        *tag ? tag_condition(clause, target) : attribute_condition(clause, target);
    if (!compiled) return std::move(compiled).error();
    if (!prompts && is_prompt_clause(clause)) continue;  // its meaning is the line above
    statement.where(std::move(*compiled));
  }
  return {};
}

// Models are ordered by bare keys; for versions a prefix of any known entity means nothing.
Result<std::string> order_key(const OrderClause& order, const Target& target) {
  if (target.is_order_bare) return order.identifier.written;
  const Result<bool> known = is_tag(order.identifier);
  if (!known) return known.error();
  return order.identifier.key;
}

Result<std::set<std::string>> add_orders(const std::vector<std::string>& texts,
                                         const Target& target, SearchStatement& statement) {
  const auto orders = parse_orders(texts);
  if (!orders) return orders.error();
  std::set<std::string> seen;
  for (const OrderClause& order : *orders) {
    const Result<std::string> key = order_key(order, target);
    if (!key) return key.error();
    const Result<Attribute> attribute = find(target.orders, *key);
    if (!attribute) return attribute.error();
    const std::string column(attribute->column);
    if (!seen.insert(column).second) return duplicate_order(order.text);
    statement.orders.push_back(column + (order.ascending ? "" : " DESC"));
  }
  return seen;
}

// The registry has words of its own for this.
Result<void> check_page_size(std::int64_t max_results, std::int64_t limit) {
  if (max_results < 1) {
    return Error{ErrorCode::invalid_argument,
                 "Invalid value for max_results. It must be a positive integer, but got " +
                     std::to_string(max_results)};
  }
  if (max_results <= limit) return {};
  return Error{ErrorCode::invalid_argument,
               "Invalid value for request parameter max_results. It must be at most " +
                   std::to_string(limit) + ", but got value " + std::to_string(max_results)};
}

}  // namespace

Result<CompiledSearch> compile_registered_model_search(const RegistryQuery& query) {
  const Result<void> checked = check_page_size(query.max_results, kMaxModels);
  if (!checked) return checked.error();
  const auto clauses = parse_filter(query.filter);
  if (!clauses) return clauses.error();
  SearchStatement statement{std::string(kModels.keys), std::string(kModels.table), {}, {}, {}};
  const Result<void> filtered = add_conditions(*clauses, kModels, statement);
  if (!filtered) return filtered.error();
  const auto ordered = add_orders(query.order_by, kModels, statement);
  if (!ordered) return ordered.error();
  if (!ordered->contains("m.name")) statement.orders.emplace_back("m.name");
  return statement.finish(query.max_results, query.page_token);
}

Result<CompiledSearch> compile_model_version_search(const RegistryQuery& query) {
  const Result<void> checked = check_page_size(query.max_results, kMaxVersions);
  if (!checked) return checked.error();
  const auto clauses = parse_filter(query.filter);
  if (!clauses) return clauses.error();
  SearchStatement statement{std::string(kVersions.keys), std::string(kVersions.table), {}, {}, {}};
  const Result<void> filtered = add_conditions(*clauses, kVersions, statement);
  if (!filtered) return filtered.error();
  statement.where("m.current_stage<>'Deleted_Internal'");
  const std::vector<std::string> usual = {"last_updated_timestamp DESC", "name ASC",
                                          "version_number DESC"};
  const auto ordered =
      add_orders(query.order_by.empty() ? usual : query.order_by, kVersions, statement);
  if (!ordered) return ordered.error();
  if (!ordered->contains("m.name")) statement.orders.emplace_back("m.name");
  if (!ordered->contains("m.version")) statement.orders.emplace_back("m.version DESC");
  return statement.finish(query.max_results, query.page_token);
}

}  // namespace liquid::tracking
