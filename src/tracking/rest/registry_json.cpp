#include "tracking/rest/registry_json.h"

#include "tracking/names.h"
#include "tracking/rest/entity_json.h"

namespace liquid::tracking::rest {
namespace {

constexpr Fields::Names<Stage> kStage{stage_from, stage_name, 0};
constexpr Fields::Names<ModelVersionStatus> kVersionStatus{model_version_status_from,
                                                           model_version_status_name, 1};

}  // namespace

ModelVersion read_model_version(const Fields& fields) {
  ModelVersion version{.name = fields.required_text("name"),
                       .version = fields.required_label("version"),
                       .creation_time_ms = fields.whole("creation_timestamp"),
                       .last_update_time_ms = fields.whole("last_updated_timestamp"),
                       .user_id = fields.text("user_id"),
                       .stage = fields.text("current_stage").empty()
                                    ? Stage::none
                                    : fields.choice("current_stage", Stage::none, kStage),
                       .description = fields.text("description"),
                       .source = fields.text("source"),
                       .run_id = RunId(fields.text("run_id")),
                       .run_link = fields.text("run_link"),
                       .status = fields.choice("status", ModelVersionStatus::ready, kVersionStatus),
                       .status_message = fields.text("status_message"),
                       .tags = read_tags(fields),
                       .aliases = {},
                       .model_id = ModelId(fields.text("model_id"))};
  fields.each_text("aliases",
                   [&](std::string alias) { version.aliases.push_back(std::move(alias)); });
  return version;
}

RegisteredModel read_registered_model(const Fields& fields) {
  RegisteredModel model{.name = fields.required_text("name"),
                        .creation_time_ms = fields.whole("creation_timestamp"),
                        .last_update_time_ms = fields.whole("last_updated_timestamp"),
                        .description = fields.text("description"),
                        .latest_versions = {},
                        .tags = read_tags(fields),
                        .aliases = {}};
  fields.each("latest_versions", [&model](const Fields& version) {
    model.latest_versions.push_back(read_model_version(version));
  });
  fields.each("aliases", [&model](const Fields& alias) {
    model.aliases.push_back({alias.required_text("alias"), alias.required_label("version")});
  });
  return model;
}

}  // namespace liquid::tracking::rest
