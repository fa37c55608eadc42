#include "tracking/rest/registered_models.h"

#include "tracking/rest/entity_json.h"
#include "tracking/rest/page_json.h"
#include "tracking/rest/registry_json.h"

namespace liquid::tracking::rest {
namespace {

namespace json = boost::json;

Result<RegisteredModel> model_of(const Result<Answer>& answer) {
  if (!answer) return answer.error();
  return answer->read([](const Fields& fields) {
    return read_registered_model(fields.required_object("registered_model"));
  });
}

json::object named(std::string_view name) { return {{"name", text_json(name)}}; }

}  // namespace

Query registry_query(const RegistryQuery& query) {
  Query fields{{"max_results", std::to_string(query.max_results)}};
  if (!query.filter.empty()) fields.emplace_back("filter", query.filter);
  for (const std::string& order : query.order_by) fields.emplace_back("order_by", order);
  if (!query.page_token.empty()) fields.emplace_back("page_token", query.page_token);
  return fields;
}

Result<RegisteredModel> RegisteredModels::create(const NewRegisteredModel& model) {
  json::object body = named(model.name);
  if (!model.description.empty()) body["description"] = text_json(model.description);
  if (!model.tags.empty()) body["tags"] = tags_json(model.tags);
  return model_of(endpoint_.post("registered-models/create", body));
}

Result<RegisteredModel> RegisteredModels::get(std::string_view name) {
  return model_of(endpoint_.get("registered-models/get", {{"name", std::string(name)}}));
}

Result<RegisteredModel> RegisteredModels::describe(std::string_view name, std::string_view text) {
  json::object body = named(name);
  body["description"] = text_json(text);
  return model_of(endpoint_.patch("registered-models/update", body));
}

Result<RegisteredModel> RegisteredModels::rename(std::string_view name, std::string_view new_name) {
  json::object body = named(name);
  body["new_name"] = text_json(new_name);
  return model_of(endpoint_.post("registered-models/rename", body));
}

Result<void> RegisteredModels::remove(std::string_view name) {
  return done(endpoint_.remove("registered-models/delete", named(name)));
}

Result<Page<RegisteredModel>> RegisteredModels::search(const RegistryQuery& query) {
  return page_of<RegisteredModel>(endpoint_.get("registered-models/search", registry_query(query)),
                                  "registered_models", read_registered_model);
}

Result<void> RegisteredModels::set_tag(std::string_view name, const Tag& tag) {
  json::object body = pair_json(tag.key, tag.value);
  body["name"] = text_json(name);
  return done(endpoint_.post("registered-models/set-tag", body));
}

Result<void> RegisteredModels::delete_tag(std::string_view name, std::string_view key) {
  json::object body = named(name);
  body["key"] = text_json(key);
  return done(endpoint_.remove("registered-models/delete-tag", body));
}

Result<void> RegisteredModels::set_alias(std::string_view name, const ModelAlias& alias) {
  json::object body = named(name);
  body["alias"] = text_json(alias.alias);
  body["version"] = text_json(alias.version);
  return done(endpoint_.post("registered-models/alias", body));
}

Result<void> RegisteredModels::delete_alias(std::string_view name, std::string_view alias) {
  json::object body = named(name);
  body["alias"] = text_json(alias);
  return done(endpoint_.remove("registered-models/alias", body));
}

}  // namespace liquid::tracking::rest
