#pragma once

#include <string>
#include <vector>

#include "api/json_writer.h"
#include "tracking/entities.h"

namespace liquid::cli {

// The entities as the commands print them, in the field names of MLflow's REST API. Numbers that
// JSON cannot write (NaN, infinities) are the strings "NaN", "Infinity", "-Infinity".

void write(api::JsonWriter& json, const tracking::Experiment& experiment);
void write(api::JsonWriter& json, const tracking::RunInfo& info);
void write(api::JsonWriter& json, const tracking::Run& run);
void write(api::JsonWriter& json, const tracking::Metric& metric);
void write(api::JsonWriter& json, const tracking::FileInfo& file);
void write(api::JsonWriter& json, const tracking::LoggedModel& model);
void write(api::JsonWriter& json, const tracking::RegisteredModel& model);
void write(api::JsonWriter& json, const tracking::ModelVersion& version);

/// The entity alone.
template <typename Entity>
std::string json_of(const Entity& entity) {
  api::JsonWriter json;
  write(json, entity);
  return std::move(json).take();
}

/// {"name":[…]}
template <typename Entity>
std::string json_list(std::string_view name, const std::vector<Entity>& entities) {
  api::JsonWriter json;
  json.begin_object().key(name).begin_array();
  for (const Entity& entity : entities) write(json, entity);
  json.end_array().end_object();
  return std::move(json).take();
}

}  // namespace liquid::cli
