#include "tracking/sqlite/registry_rows.h"

#include <utility>

#include "tracking/names.h"
#include "tracking/sqlite/registry_rules.h"

namespace liquid::tracking::sqlite {
namespace {

/// One list of columns for every query that reads versions, in the order of read_columns.
std::string select_versions(std::string_view columns_after, std::string_view tail) {
  std::string sql =
      "SELECT name, version, creation_time, last_updated_time, user_id, current_stage, "
      "description, source, run_id, run_link, status, status_message";
  sql.append(columns_after);
  sql +=
      " FROM model_versions WHERE workspace='default' AND name=?1 "
      "AND current_stage<>'Deleted_Internal' ";
  return sql.append(tail);
}

Error model_not_found(std::string_view name) {
  return Error{ErrorCode::not_found,
               "Registered Model with name=" + std::string(name) + " not found"};
}

Error version_not_found(std::string_view name, std::int64_t version) {
  return Error{ErrorCode::not_found, "Model Version (name=" + std::string(name) +
                                         ", version=" + std::to_string(version) + ") not found"};
}

ModelVersion read_columns(const Query& row) {
  ModelVersion version;
  version.name = row.text(0);
  version.version = row.text(1);
  version.creation_time_ms = row.integer(2);
  version.last_update_time_ms = row.integer(3);
  version.user_id = row.text(4);
  version.stage = stage_from(row.view(5)).value_or(Stage::none);
  version.description = row.text(6);
  version.source = row.text(7);
  version.run_id = RunId(row.text(8));
  version.run_link = row.text(9);
  version.status = model_version_status_from(row.view(10)).value_or(ModelVersionStatus::ready);
  version.status_message = row.text(11);
  return version;
}

Result<void> read_tags_and_aliases(Connection& connection, ModelVersion& version) {
  // The number as text finds its row all the same: the column has INTEGER affinity.
  Result<void> tags = connection.each(
      "SELECT key, value FROM model_version_tags "
      "WHERE workspace='default' AND name=?1 AND version=?2 ORDER BY key",
      [&](const Query& row) {
        version.tags.push_back({row.text(0), row.text(1)});
      },
      version.name, version.version);
  if (!tags) return tags;
  return connection.each(
      "SELECT alias FROM registered_model_aliases "
      "WHERE workspace='default' AND name=?1 AND version=?2 ORDER BY alias",
      [&](const Query& row) { version.aliases.push_back(row.text(0)); }, version.name,
      version.version);
}

Result<void> read_lists(Connection& connection, RegisteredModel& model) {
  Result<void> tags = connection.each(
      "SELECT key, value FROM registered_model_tags WHERE workspace='default' AND name=?1 "
      "ORDER BY key",
      [&](const Query& row) {
        model.tags.push_back({row.text(0), row.text(1)});
      },
      model.name);
  if (!tags) return tags;
  Result<void> aliases = connection.each(
      "SELECT alias, version FROM registered_model_aliases WHERE workspace='default' AND name=?1 "
      "ORDER BY alias",
      [&](const Query& row) {
        model.aliases.push_back({row.text(0), row.text(1)});
      },
      model.name);
  if (!aliases) return aliases;
  Result<std::vector<ModelVersion>> latest = read_latest_versions(connection, model.name);
  if (!latest) return std::move(latest).error();
  model.latest_versions = std::move(*latest);
  return {};
}

}  // namespace

Result<void> require_model(Connection& connection, std::string_view name) {
  const Result<bool> known =
      connection.any("SELECT 1 FROM registered_models WHERE workspace='default' AND name=?1", name);
  if (!known) return known.error();
  if (!*known) return model_not_found(name);
  return {};
}

Result<bool> is_stored_prompt(Connection& connection, std::string_view name) {
  Result<void> known = require_model(connection, name);
  if (!known) return std::move(known).error();
  return connection.any(
      "SELECT 1 FROM registered_model_tags WHERE workspace='default' AND name=?1 AND key=?2", name,
      kPromptTag);
}

Result<RegisteredModel> read_model(Connection& connection, std::string_view name) {
  RegisteredModel model;
  bool found = false;
  Result<void> read = connection.each(
      "SELECT name, creation_time, last_updated_time, description FROM registered_models "
      "WHERE workspace='default' AND name=?1",
      [&](const Query& row) {
        found = true;
        model.name = row.text(0);
        model.creation_time_ms = row.integer(1);
        model.last_update_time_ms = row.integer(2);
        model.description = row.text(3);
      },
      name);
  if (!read) return std::move(read).error();
  if (!found) return model_not_found(name);
  Result<void> lists = read_lists(connection, model);
  if (!lists) return std::move(lists).error();
  return model;
}

Result<std::vector<ModelVersion>> read_latest_versions(Connection& connection,
                                                       std::string_view name) {
  std::vector<ModelVersion> versions;
  // With one max(), SQLite takes the other columns from the row that holds the maximum.
  Result<void> read = connection.each(
      select_versions(", max(version)", "GROUP BY current_stage ORDER BY max(version)"),
      [&](const Query& row) { versions.push_back(read_columns(row)); }, name);
  if (!read) return std::move(read).error();
  for (ModelVersion& version : versions) {
    Result<void> lists = read_tags_and_aliases(connection, version);
    if (!lists) return std::move(lists).error();
  }
  return versions;
}

Result<void> touch_model(Connection& connection, std::string_view name, std::int64_t now_ms) {
  return connection.run(
      "UPDATE registered_models SET last_updated_time=?2 WHERE workspace='default' AND name=?1",
      name, now_ms);
}

Result<void> require_version(Connection& connection, std::string_view name, std::int64_t version) {
  const Result<bool> known = connection.any(
      "SELECT 1 FROM model_versions WHERE workspace='default' AND name=?1 AND version=?2 "
      "AND current_stage<>'Deleted_Internal'",
      name, version);
  if (!known) return known.error();
  if (!*known) return version_not_found(name, version);
  return {};
}

Result<ModelVersion> read_version(Connection& connection, std::string_view name,
                                  std::int64_t version) {
  std::optional<ModelVersion> found;
  Result<void> read = connection.each(
      select_versions("", "AND version=?2"), [&](const Query& row) { found = read_columns(row); },
      name, version);
  if (!read) return std::move(read).error();
  if (!found) return version_not_found(name, version);
  Result<void> lists = read_tags_and_aliases(connection, *found);
  if (!lists) return std::move(lists).error();
  return *std::move(found);
}

Result<std::optional<std::int64_t>> find_alias(Connection& connection, std::string_view name,
                                               std::string_view alias) {
  std::optional<std::int64_t> version;
  Result<void> read = connection.each(
      "SELECT version FROM registered_model_aliases "
      "WHERE workspace='default' AND name=?1 AND alias=?2",
      [&](const Query& row) { version = row.integer(0); }, name, alias);
  if (!read) return std::move(read).error();
  return version;
}

Result<std::string> read_storage_location(Connection& connection, std::string_view name,
                                          std::int64_t version) {
  std::optional<std::string> location;
  Result<void> read = connection.each(
      "SELECT coalesce(nullif(storage_location,''), source) FROM model_versions "
      "WHERE workspace='default' AND name=?1 AND version=?2 "
      "AND current_stage<>'Deleted_Internal'",
      [&](const Query& row) { location = row.text(0); }, name, version);
  if (!read) return std::move(read).error();
  if (!location) return version_not_found(name, version);
  return *std::move(location);
}

Result<void> put_model_tag(Connection& connection, std::string_view name, const Tag& tag) {
  return connection.run(
      "INSERT INTO registered_model_tags(workspace, name, key, value) "
      "VALUES ('default', ?1, ?2, ?3) "
      "ON CONFLICT(workspace, key, name) DO UPDATE SET value=excluded.value",
      name, tag.key, tag.value);
}

Result<void> put_version_tag(Connection& connection, std::string_view name, std::int64_t version,
                             const Tag& tag) {
  return connection.run(
      "INSERT INTO model_version_tags(workspace, name, version, key, value) "
      "VALUES ('default', ?1, ?2, ?3, ?4) "
      "ON CONFLICT(workspace, key, name, version) DO UPDATE SET value=excluded.value",
      name, version, tag.key, tag.value);
}

}  // namespace liquid::tracking::sqlite
