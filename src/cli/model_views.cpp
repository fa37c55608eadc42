#include "cli/model_views.h"

#include <algorithm>

#include "cli/tracking_json.h"
#include "cli/tracking_views.h"
#include "tracking/names.h"

namespace liquid::cli {
namespace {

using tracking::ModelVersion;
using tracking::RegisteredModel;

// "2 Production, 3 Staging"
std::string latest_text(const RegisteredModel& model) {
  std::string text;
  for (const ModelVersion& version : model.latest_versions) {
    if (!text.empty()) text += ", ";
    text += version.version;
    if (version.stage != tracking::Stage::none) text += " " + stage_text(version.stage);
  }
  return text;
}

std::string aliases_text(const RegisteredModel& model) {
  std::string text;
  for (const tracking::ModelAlias& alias : model.aliases) {
    if (!text.empty()) text += ", ";
    text += alias.alias + "=" + alias.version;
  }
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void add_unless_empty(Facts& facts, std::string_view name, const std::string& value) {
  if (!value.empty()) facts.add(name, value);
}

void add_tags(Facts& facts, const std::vector<tracking::Tag>& tags) {
  for (const tracking::Tag& tag : tags) facts.add("tag " + tag.key, tag.value);
}

}  // namespace

std::string stage_text(tracking::Stage stage) { return std::string(tracking::stage_name(stage)); }

Listing models_listing(const std::vector<RegisteredModel>& models) {
  Listing listing;
  listing.head = {{"NAME"}, {"LATEST"}, {"ALIASES"}, {"UPDATED"}, {"DESCRIPTION"}};
  for (const RegisteredModel& model : models) {
    listing.rows.push_back({model.name, latest_text(model), aliases_text(model),
                            readable_time(model.last_update_time_ms), model.description});
  }
  listing.json = json_list("registered_models", models);
  listing.empty = "no registered models";
  return listing;
}

Listing versions_listing(const std::vector<ModelVersion>& versions) {
  Listing listing;
  listing.head = {
      {"VERSION", Align::right}, {"STAGE"}, {"ALIASES"}, {"CREATED"}, {"RUN"}, {"SOURCE"}};
  for (const ModelVersion& version : versions) {
    listing.rows.push_back({version.version, stage_text(version.stage), joined(version.aliases),
                            readable_time(version.creation_time_ms), version.run_id.str(),
                            version.source});
  }
  listing.json = json_list("model_versions", versions);
  listing.empty = "no versions";
  return listing;
}

void add_aliases(const RegisteredModel& model, std::vector<ModelVersion>& versions) {
  for (ModelVersion& version : versions) {
    version.aliases.clear();
    for (const tracking::ModelAlias& alias : model.aliases) {
      if (alias.version == version.version) version.aliases.push_back(alias.alias);
    }
  }
}

std::string model_details(const RegisteredModel& model) {
  Facts facts;
  facts.add("name", model.name);
  add_unless_empty(facts, "description", model.description);
  facts.add("created", readable_time(model.creation_time_ms));
  facts.add("updated", readable_time(model.last_update_time_ms));
  add_unless_empty(facts, "latest", latest_text(model));
  add_unless_empty(facts, "aliases", aliases_text(model));
  add_tags(facts, model.tags);
  return facts.text();
}

std::string model_details(const tracking::LoggedModel& model) {
  Facts facts;
  facts.add("model", "models:/" + model.id.str()).add("name", model.name);
  facts.add("status", tracking::logged_model_status_name(model.status));
  add_unless_empty(facts, "type", model.model_type);
  add_unless_empty(facts, "run", model.source_run_id.str());
  facts.add("experiment", model.experiment_id.str());
  facts.add("created", readable_time(model.creation_time_ms));
  facts.add("artifacts", model.artifact_uri);
  for (const tracking::Param& param : model.params) facts.add("param " + param.key, param.value);
  for (const tracking::Metric& metric : model.metrics) {
    facts.add("metric " + metric.key, readable_number(metric.value));
  }
  add_tags(facts, model.tags);
  return facts.text();
}

std::string version_details(const ModelVersion& version) {
  Facts facts;
  facts.add("version", "models:/" + version.name + "/" + version.version);
  facts.add("stage", stage_text(version.stage));
  facts.add("status", tracking::model_version_status_name(version.status));
  add_unless_empty(facts, "description", version.description);
  add_unless_empty(facts, "aliases", joined(version.aliases));
  facts.add("created", readable_time(version.creation_time_ms));
  facts.add("updated", readable_time(version.last_update_time_ms));
  facts.add("source", version.source);
  add_unless_empty(facts, "run", version.run_id.str());
  add_unless_empty(facts, "model", version.model_id.str());
  add_tags(facts, version.tags);
  return facts.text();
}

}  // namespace liquid::cli
