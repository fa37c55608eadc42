#include "tracking/rest/model_versions.h"

#include "tracking/names.h"
#include "tracking/rest/entity_json.h"
#include "tracking/rest/page_json.h"
#include "tracking/rest/registered_models.h"
#include "tracking/rest/registry_json.h"

namespace liquid::tracking::rest {
namespace {

namespace json = boost::json;

Result<ModelVersion> version_of(const Result<Answer>& answer) {
  if (!answer) return answer.error();
  return answer->read([](const Fields& fields) {
    return read_model_version(fields.required_object("model_version"));
  });
}

json::object named(const VersionName& version) {
  return {{"name", text_json(version.name)}, {"version", text_json(version.version)}};
}

Query named_query(const VersionName& version) {
  return {{"name", version.name}, {"version", version.version}};
}

void put(json::object& body, json::string_view name, std::string_view text) {
  if (!text.empty()) body[name] = text_json(text);
}

/// A source `models:/m-…` names its logged model; servers want to be told once more.
std::string_view model_behind(const NewModelVersion& version) {
  constexpr std::string_view kScheme = "models:/";
  const std::string_view source = version.source;
  const bool named = source.starts_with("models:/m-") &&
                     source.find_first_of("/@", kScheme.size()) == std::string_view::npos;
  if (!version.model_id.empty() || !named) return version.model_id.str();
  return source.substr(kScheme.size());
}

}  // namespace

Result<ModelVersion> ModelVersions::create(const NewModelVersion& version) {
  json::object body{{"name", text_json(version.name)}, {"source", text_json(version.source)}};
  put(body, "run_id", version.run_id.str());
  put(body, "model_id", model_behind(version));
  put(body, "description", version.description);
  put(body, "run_link", version.run_link);
  if (!version.tags.empty()) body["tags"] = tags_json(version.tags);
  return version_of(endpoint_.post("model-versions/create", body));
}

Result<ModelVersion> ModelVersions::get(const VersionName& version) {
  return version_of(endpoint_.get("model-versions/get", named_query(version)));
}

Result<ModelVersion> ModelVersions::find_by_alias(std::string_view name, std::string_view alias) {
  return version_of(endpoint_.get("registered-models/alias",
                                  {{"name", std::string(name)}, {"alias", std::string(alias)}}));
}

// Servers know the call as POST, as GET, or as both; MLflow's client asks in this order too.
Result<std::vector<ModelVersion>> ModelVersions::latest(std::string_view name,
                                                        const std::vector<Stage>& stages) {
  constexpr std::string_view kPath = "registered-models/get-latest-versions";
  json::object body{{"name", text_json(name)}};
  Query query{{"name", std::string(name)}};
  json::array names;
  for (const Stage stage : stages) {
    names.push_back(text_json(stage_name(stage)));
    query.emplace_back("stages", stage_name(stage));
  }
  if (!names.empty()) body["stages"] = std::move(names);
  Result<Answer> answer = endpoint_.post(kPath, body);
  if (!answer && answer.error().code == ErrorCode::unsupported) {
    answer = endpoint_.get(kPath, query);
  }
  Result<Page<ModelVersion>> page =
      page_of<ModelVersion>(answer, "model_versions", read_model_version);
  if (!page) return std::move(page).error();
  return std::move(page->items);
}

Result<ModelVersion> ModelVersions::describe(const VersionName& version, std::string_view text) {
  json::object body = named(version);
  body["description"] = text_json(text);
  return version_of(endpoint_.patch("model-versions/update", body));
}

Result<ModelVersion> ModelVersions::transition(const VersionName& version, Stage stage,
                                               ArchiveExisting archive) {
  json::object body = named(version);
  body["stage"] = text_json(stage_name(stage));
  body["archive_existing_versions"] = archive == ArchiveExisting::yes;
  return version_of(endpoint_.post("model-versions/transition-stage", body));
}

Result<void> ModelVersions::remove(const VersionName& version) {
  return done(endpoint_.remove("model-versions/delete", named(version)));
}

Result<Page<ModelVersion>> ModelVersions::search(const RegistryQuery& query) {
  return page_of<ModelVersion>(endpoint_.get("model-versions/search", registry_query(query)),
                               "model_versions", read_model_version);
}

Result<std::string> ModelVersions::download_uri(const VersionName& version) {
  const Result<Answer> answer =
      endpoint_.get("model-versions/get-download-uri", named_query(version));
  if (!answer) return answer.error();
  return answer->read([](const Fields& fields) { return fields.required_text("artifact_uri"); });
}

Result<void> ModelVersions::set_tag(const VersionName& version, const Tag& tag) {
  json::object body = named(version);
  body["key"] = text_json(tag.key);
  body["value"] = text_json(tag.value);
  return done(endpoint_.post("model-versions/set-tag", body));
}

Result<void> ModelVersions::delete_tag(const VersionName& version, std::string_view key) {
  json::object body = named(version);
  body["key"] = text_json(key);
  return done(endpoint_.remove("model-versions/delete-tag", body));
}

}  // namespace liquid::tracking::rest
