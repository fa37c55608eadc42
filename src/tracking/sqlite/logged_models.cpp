#include "tracking/sqlite/logged_models.h"

#include <algorithm>
#include <string>
#include <utility>

#include "tracking/names.h"
#include "tracking/sqlite/experiments.h"
#include "tracking/sqlite/identities.h"
#include "tracking/sqlite/logged_model_rows.h"
#include "tracking/sqlite/registry_rules.h"
#include "tracking/sqlite/run_rules.h"
#include "tracking/sqlite/search_page.h"
#include "tracking/sqlite/uri_parts.h"

namespace liquid::tracking::sqlite {
namespace {

constexpr std::int64_t kPendingStatus = 1;
constexpr std::int64_t kReadyStatus = 2;
constexpr std::int64_t kFailedStatus = 3;

Result<void> insert_row(Connection& connection, const NewLoggedModel& model, const ModelId& id,
                        std::int64_t now_ms) {
  const Result<std::int64_t> experiment = experiment_number(model.experiment_id);
  if (!experiment) return experiment.error();
  const Result<std::string> location = active_experiment_location(connection, *experiment);
  if (!location) return location.error();
  return connection.run(
      "INSERT INTO logged_models(model_id, experiment_id, name, artifact_location, "
      "creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage, model_type, "
      "source_run_id) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, 'active', ?7, ?8)",
      id.str(), *experiment, model.name.empty() ? new_name() : model.name,
      append_to_uri(*location, "models/" + id.str() + "/artifacts"), now_ms, kPendingStatus,
      or_null(model.model_type), or_null(model.source_run_id.str()));
}

/// Parameters are written once. The same value again is no error, so that a call whose answer was
/// lost may be repeated; MLflow's own store refuses that with its database's message.
Result<void> put_param(Connection& connection, const ModelId& id, std::int64_t experiment_id,
                       const Param& param) {
  std::optional<std::string> logged;
  Result<void> read = connection.each(
      "SELECT param_value FROM logged_model_params WHERE model_id=?1 AND param_key=?2",
      [&](const Query& row) { logged = row.text(0); }, id.str(), param.key);
  if (!read) return read;
  if (logged == param.value) return {};
  if (logged) {
    return Error{ErrorCode::invalid_argument,
                 "Changing param values is not allowed. Param with key='" + param.key +
                     "' was already logged with value='" + *logged + "' for model ID='" + id.str() +
                     "'. Attempted logging new value '" + param.value + "'."};
  }
  return connection.run(
      "INSERT INTO logged_model_params(model_id, experiment_id, param_key, param_value) "
      "VALUES (?1, ?2, ?3, ?4)",
      id.str(), experiment_id, param.key, param.value);
}

Result<void> put_params(Connection& connection, const ModelId& id,
                        const std::vector<Param>& params) {
  const Result<LoggedModelPlace> place = find_logged_model(connection, id, Deleted::seen);
  if (!place) return place.error();
  for (const Param& param : params) {
    Result<void> text = check_text({param.key, param.value});
    if (!text) return text;
    Result<void> put = put_param(connection, id, place->experiment_id, param);
    if (!put) return put;
  }
  return {};
}

Result<void> put_tags(Connection& connection, const ModelId& id, const std::vector<Tag>& tags) {
  const Result<LoggedModelPlace> place = find_logged_model(connection, id, Deleted::seen);
  if (!place) return place.error();
  for (const Tag& tag : tags) {
    Result<void> text = check_text({tag.key, tag.value});
    if (!text) return text;
    Result<void> put = put_logged_model_tag(connection, id, place->experiment_id, tag);
    if (!put) return put;
  }
  return {};
}

/// MLflow refuses a key that comes twice in a new model; its later calls let the last one win.
Result<void> check_tags_once(const std::vector<Tag>& tags) {
  std::vector<std::string_view> keys;
  for (const Tag& tag : tags) keys.push_back(tag.key);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return {};
  return Error{ErrorCode::invalid_argument,
               "Tag '" + std::string(*twice) + "' is given twice for a new logged model."};
}

Result<LoggedModel> insert(Connection& connection, const NewLoggedModel& model,
                           std::int64_t now_ms) {
  const ModelId id("m-" + new_uuid());
  Result<void> done = insert_row(connection, model, id, now_ms);
  if (done) done = put_params(connection, id, model.params);
  if (done) done = put_tags(connection, id, model.tags);
  if (!done) return std::move(done).error();
  return read_logged_model(connection, id, Deleted::hidden);
}

Result<void> erase_tag(Connection& connection, const ModelId& id, std::string_view key) {
  const Result<LoggedModelPlace> place = find_logged_model(connection, id, Deleted::seen);
  if (!place) return place.error();
  Result<void> gone = connection.run(
      "DELETE FROM logged_model_tags WHERE model_id=?1 AND tag_key=?2", id.str(), key);
  if (!gone) return gone;
  const Result<std::int64_t> changes = connection.changes();
  if (!changes) return changes.error();
  if (*changes > 0) return {};
  return Error{ErrorCode::not_found, "No tag with key '" + std::string(key) +
                                         "' found for model with ID '" + id.str() + "'."};
}

/// MLflow changes models in the trash like any other.
Result<LoggedModel> set_status(Connection& connection, const ModelId& id, LoggedModelStatus status,
                               std::int64_t now_ms) {
  Result<void> done = connection.run(
      "UPDATE logged_models SET status=?2, last_updated_timestamp_ms=?3 WHERE model_id=?1",
      id.str(), status == LoggedModelStatus::ready ? kReadyStatus : kFailedStatus, now_ms);
  if (!done) return std::move(done).error();
  return read_logged_model(connection, id, Deleted::seen);
}

Result<void> move_to_trash(Connection& connection, const ModelId& id, std::int64_t now_ms) {
  const Result<LoggedModelPlace> place = find_logged_model(connection, id, Deleted::seen);
  if (!place) return place.error();
  return connection.run(
      "UPDATE logged_models SET lifecycle_stage='deleted', last_updated_timestamp_ms=?2 "
      "WHERE model_id=?1",
      id.str(), now_ms);
}

class SqliteLoggedModels final : public LoggedModelStore {
 public:
  explicit SqliteLoggedModels(Session& session) : session_(session) {}

  Result<LoggedModel> create(const NewLoggedModel& model) override {
    Result<void> valid = model.name.empty() ? Result<void>() : check_logged_model_name(model.name);
    if (valid) valid = check_text({model.model_type});
    if (valid) valid = check_tags_once(model.tags);
    if (!valid) return std::move(valid).error();
    return session_.write(
        [&](Connection& connection) { return insert(connection, model, session_.now_ms()); });
  }

  Result<LoggedModel> get(const ModelId& id) override {
    return session_.read(
        [&](Connection& connection) { return read_logged_model(connection, id, Deleted::hidden); });
  }

  Result<LoggedModel> finalize(const ModelId& id, LoggedModelStatus status) override {
    if (status != LoggedModelStatus::ready && status != LoggedModelStatus::upload_failed) {
      return Error{ErrorCode::invalid_argument,
                   "A logged model ends as LOGGED_MODEL_READY or LOGGED_MODEL_UPLOAD_FAILED, not "
                   "as " +
                       std::string(logged_model_status_name(status)) + "."};
    }
    return session_.write([&](Connection& connection) {
      return set_status(connection, id, status, session_.now_ms());
    });
  }

  Result<void> remove(const ModelId& id) override {
    return session_.write(
        [&](Connection& connection) { return move_to_trash(connection, id, session_.now_ms()); });
  }

  Result<Page<LoggedModel>> search(const LoggedModelQuery& query) override {
    const Result<CompiledSearch> compiled = compile_search(query);
    if (!compiled) return compiled.error();
    return session_.read([&](Connection& connection) {
      return read_page<LoggedModel>(connection, *compiled, [&](const Query& key) {
        return read_logged_model(connection, ModelId(key.text(0)), Deleted::seen);
      });
    });
  }

  Result<void> log_params(const ModelId& id, const std::vector<Param>& params) override {
    return session_.write(
        [&](Connection& connection) { return put_params(connection, id, params); });
  }

  Result<void> set_tags(const ModelId& id, const std::vector<Tag>& tags) override {
    return session_.write([&](Connection& connection) { return put_tags(connection, id, tags); });
  }

  Result<void> delete_tag(const ModelId& id, std::string_view key) override {
    return session_.write([&](Connection& connection) { return erase_tag(connection, id, key); });
  }

 private:
  Session& session_;
};

}  // namespace

std::unique_ptr<LoggedModelStore> make_logged_model_store(Session& session) {
  return std::make_unique<SqliteLoggedModels>(session);
}

}  // namespace liquid::tracking::sqlite
