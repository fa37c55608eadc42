#include "tracking/sqlite/experiments.h"

#include <utility>

#include "tracking/names.h"
#include "tracking/sqlite/run_rules.h"
#include "tracking/sqlite/search_page.h"
#include "tracking/sqlite/uri_parts.h"

namespace liquid::tracking::sqlite {
namespace {

constexpr std::string_view kSelect =
    "SELECT experiment_id, name, artifact_location, lifecycle_stage, creation_time, "
    "last_update_time FROM experiments ";

Error no_experiment(std::int64_t id) {
  return {ErrorCode::not_found, "No Experiment with id=" + std::to_string(id) + " exists"};
}

Experiment experiment_of(const Query& row) {
  Experiment experiment;
  experiment.id = ExperimentId(std::to_string(row.integer(0)));
  experiment.name = row.text(1);
  experiment.artifact_location = row.text(2);
  experiment.stage = lifecycle_stage_from(row.view(3)).value_or(LifecycleStage::active);
  experiment.creation_time_ms = row.integer(4);
  experiment.last_update_time_ms = row.integer(5);
  return experiment;
}

Result<void> read_tags(Connection& connection, std::int64_t id, Experiment& experiment) {
  return connection.each(
      "SELECT key, value FROM experiment_tags WHERE experiment_id=?1 ORDER BY key",
      [&](const Query& row) {
        experiment.tags.push_back({row.text(0), row.text(1)});
      },
      id);
}

Result<std::optional<Experiment>> find_by_id(Connection& connection, std::int64_t id) {
  std::optional<Experiment> experiment;
  Result<void> read = connection.each(
      std::string(kSelect) + "WHERE experiment_id=?1",
      [&](const Query& row) { experiment = experiment_of(row); }, id);
  if (read && experiment) read = read_tags(connection, id, *experiment);
  if (!read) return std::move(read).error();
  return experiment;
}

Result<Experiment> require(Connection& connection, std::int64_t id) {
  Result<std::optional<Experiment>> found = find_by_id(connection, id);
  if (!found) return std::move(found).error();
  if (!*found) return no_experiment(id);
  return std::move(**found);
}

Result<std::optional<Experiment>> find_by_name(Connection& connection, std::string_view name) {
  std::optional<std::int64_t> id;
  // Workspaces other than "default" are not this store's.
  Result<void> read = connection.each(
      "SELECT experiment_id FROM experiments WHERE workspace='default' AND name=?1 "
      "ORDER BY lifecycle_stage LIMIT 1",
      [&](const Query& row) { id = row.integer(0); }, name);
  if (!read) return std::move(read).error();
  if (!id) return std::optional<Experiment>();
  return find_by_id(connection, *id);
}

Result<void> require_free_name(Connection& connection, std::string_view name) {
  const Result<bool> taken =
      connection.any("SELECT 1 FROM experiments WHERE workspace='default' AND name=?1", name);
  if (!taken) return taken.error();
  if (!*taken) return {};
  return Error{ErrorCode::conflict, "Experiment(name=" + std::string(name) +
                                        ") already exists, perhaps among the deleted ones."};
}

Result<void> put_tag(Connection& connection, std::int64_t id, const Tag& tag) {
  return connection.run(
      "INSERT INTO experiment_tags(key, value, experiment_id) VALUES (?1, ?2, ?3) "
      "ON CONFLICT(key, experiment_id) DO UPDATE SET value=excluded.value",
      tag.key, tag.value, id);
}

Result<std::int64_t> require_active(Connection& connection, const ExperimentId& text) {
  const Result<std::int64_t> id = experiment_number(text);
  if (!id) return id;
  const Result<std::string> location = active_experiment_location(connection, *id);
  if (!location) return location.error();
  return *id;
}

class SqliteExperiments final : public ExperimentStore {
 public:
  explicit SqliteExperiments(Session& session) : session_(session) {}

  Result<ExperimentId> create(const NewExperiment& experiment) override {
    Result<void> checked = check_experiment_name(experiment.name);
    if (checked) checked = check_artifact_location(experiment.artifact_location);
    for (const Tag& tag : experiment.tags) {
      if (checked) checked = check_experiment_tag(tag);
    }
    if (!checked) return std::move(checked).error();
    return session_.write([&](Connection& connection) { return insert(connection, experiment); });
  }

  Result<Experiment> get(const ExperimentId& id) override {
    const Result<std::int64_t> number = experiment_number(id);
    if (!number) return number.error();
    return session_.read([&](Connection& connection) { return require(connection, *number); });
  }

  Result<std::optional<Experiment>> find(std::string_view name) override {
    return session_.read([&](Connection& connection) { return find_by_name(connection, name); });
  }

  Result<Page<Experiment>> search(const ExperimentQuery& query) override {
    const Result<CompiledSearch> search = compile_search(query);
    if (!search) return search.error();
    return session_.read([&](Connection& connection) {
      return read_page<Experiment>(connection, *search, [&](const Query& key) {
        return require(connection, key.integer(0));
      });
    });
  }

  Result<void> rename(const ExperimentId& id, std::string_view name) override {
    Result<void> checked = check_experiment_name(name);
    if (!checked) return checked;
    return session_.write(
        [&](Connection& connection) { return change_name(connection, id, name); });
  }

  Result<void> remove(const ExperimentId& id) override {
    return move(id, LifecycleStage::active, LifecycleStage::deleted);
  }
  Result<void> restore(const ExperimentId& id) override {
    return move(id, LifecycleStage::deleted, LifecycleStage::active);
  }

  Result<void> set_tag(const ExperimentId& id, const Tag& tag) override {
    Result<void> checked = check_experiment_tag(tag);
    if (!checked) return checked;
    return session_.write([&](Connection& connection) -> Result<void> {
      const Result<std::int64_t> number = require_active(connection, id);
      if (!number) return number.error();
      return put_tag(connection, *number, tag);
    });
  }

  Result<void> delete_tag(const ExperimentId& id, std::string_view key) override {
    return session_.write([&](Connection& connection) { return erase_tag(connection, id, key); });
  }

 private:
  Result<ExperimentId> insert(Connection& connection, const NewExperiment& experiment) {
    Result<void> done = require_free_name(connection, experiment.name);
    if (!done) return std::move(done).error();
    const std::int64_t now = session_.now_ms();
    done = connection.run(
        "INSERT INTO experiments(name, artifact_location, lifecycle_stage, creation_time, "
        "last_update_time, workspace) VALUES (?1, ?2, 'active', ?3, ?3, 'default')",
        experiment.name, or_null(experiment.artifact_location), now);
    if (!done) return std::move(done).error();
    const Result<std::int64_t> id = connection.last_insert_id();
    if (!id) return id.error();
    if (experiment.artifact_location.empty()) {
      done = connection.run("UPDATE experiments SET artifact_location=?2 WHERE experiment_id=?1",
                            *id, append_to_uri(session_.artifact_root(), std::to_string(*id)));
    }
    for (const Tag& tag : experiment.tags) {
      if (done) done = put_tag(connection, *id, tag);
    }
    if (!done) return std::move(done).error();
    return ExperimentId(std::to_string(*id));
  }

  Result<void> change_name(Connection& connection, const ExperimentId& id, std::string_view name) {
    const Result<std::int64_t> number = experiment_number(id);
    if (!number) return number.error();
    const Result<Experiment> experiment = require(connection, *number);
    if (!experiment) return experiment.error();
    if (experiment->stage != LifecycleStage::active) {
      return Error{ErrorCode::invalid_state, "Cannot rename a non-active experiment."};
    }
    if (experiment->name == name) return {};
    Result<void> free = require_free_name(connection, name);
    if (!free) return free;
    return connection.run(
        "UPDATE experiments SET name=?2, last_update_time=?3 WHERE experiment_id=?1", *number, name,
        session_.now_ms());
  }

  // Its runs go along, those that were in the trash before too, as MLflow does it.
  Result<void> move(const ExperimentId& id, LifecycleStage from, LifecycleStage to) {
    return session_.write([&](Connection& connection) -> Result<void> {
      const Result<std::int64_t> number = experiment_number(id);
      if (!number) return number.error();
      const Result<Experiment> experiment = require(connection, *number);
      if (!experiment) return experiment.error();
      if (experiment->stage != from) return no_experiment(*number);
      const std::int64_t now = session_.now_ms();
      Result<void> moved = connection.run(
          "UPDATE experiments SET lifecycle_stage=?2, last_update_time=?3 WHERE experiment_id=?1",
          *number, lifecycle_stage_name(to), now);
      if (!moved) return moved;
      const bool deleted = to == LifecycleStage::deleted;
      return connection.run(
          "UPDATE runs SET lifecycle_stage=?2, deleted_time=?3 WHERE experiment_id=?1", *number,
          lifecycle_stage_name(to), deleted ? std::optional(now) : std::nullopt);
    });
  }

  Result<void> erase_tag(Connection& connection, const ExperimentId& id, std::string_view key) {
    const Result<std::int64_t> number = require_active(connection, id);
    if (!number) return number.error();
    Result<void> gone = connection.run(
        "DELETE FROM experiment_tags WHERE experiment_id=?1 AND key=?2", *number, key);
    if (!gone) return gone;
    const Result<std::int64_t> changes = connection.changes();
    if (!changes) return changes.error();
    if (*changes > 0) return {};
    return Error{ErrorCode::not_found,
                 "No tag with name: " + std::string(key) + " in experiment with id " + id.str()};
  }

  Session& session_;
};

}  // namespace

Result<std::string> active_experiment_location(Connection& connection, std::int64_t id) {
  std::optional<std::string> location;
  std::string stage;
  Result<void> read = connection.each(
      "SELECT artifact_location, lifecycle_stage FROM experiments WHERE experiment_id=?1",
      [&](const Query& row) {
        location = row.text(0);
        stage = row.text(1);
      },
      id);
  if (!read) return std::move(read).error();
  if (!location) return no_experiment(id);
  if (stage == "active") return std::move(*location);
  return Error{ErrorCode::invalid_argument,
               "The experiment " + std::to_string(id) +
                   " must be in the 'active' state. Current state is " + stage + "."};
}

std::unique_ptr<ExperimentStore> make_experiment_store(Session& session) {
  return std::make_unique<SqliteExperiments>(session);
}

}  // namespace liquid::tracking::sqlite
