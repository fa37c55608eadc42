#include "tracking/sqlite/model_versions.h"

#include <algorithm>
#include <string>
#include <utility>

#include "tracking/names.h"
#include "tracking/sqlite/logged_model_rows.h"
#include "tracking/sqlite/registry_rows.h"
#include "tracking/sqlite/registry_rules.h"
#include "tracking/sqlite/search_page.h"
#include "tracking/sqlite/version_source.h"

namespace liquid::tracking::sqlite {
namespace {

Result<void> check_new(const NewModelVersion& version) {
  Result<void> valid = check_model_name(version.name);
  if (valid) valid = check_text({version.source, version.description, version.run_link});
  if (!valid) return valid;
  for (const Tag& tag : version.tags) {
    valid = check_version_tag(tag);
    if (!valid) return valid;
  }
  return {};
}

/// Numbers of deleted versions are not given out again: their rows stay. Two writers cannot get the
/// same one, because the transaction holds SQLite's write lock from its start.
Result<std::int64_t> next_number(Connection& connection, std::string_view name) {
  std::int64_t number = 0;
  Result<void> read = connection.each(
      "SELECT coalesce(max(version), 0) + 1 FROM model_versions "
      "WHERE workspace='default' AND name=?1",
      [&](const Query& row) { number = row.integer(0); }, name);
  if (!read) return std::move(read).error();
  return number;
}

Result<void> insert_row(Connection& connection, const NewModelVersion& version,
                        const VersionSource& from, std::int64_t number, std::int64_t now_ms) {
  return connection.run(
      "INSERT INTO model_versions(workspace, name, version, creation_time, last_updated_time, "
      "description, current_stage, source, run_id, run_link, status, storage_location) "
      "VALUES ('default', ?1, ?2, ?3, ?3, ?4, 'None', ?5, ?6, ?7, 'READY', ?8)",
      version.name, number, now_ms, or_null(version.description), from.source,
      or_null(from.run_id.str()), or_null(version.run_link), from.storage_location);
}

Result<void> insert_tags(Connection& connection, const NewModelVersion& version,
                         const VersionSource& from, std::int64_t number) {
  for (const Tag& tag : version.tags) {
    Result<void> put = put_version_tag(connection, version.name, number, tag);
    if (!put) return put;
  }
  if (from.model_id.empty()) return {};
  return note_model_version(connection, from.model_id, version.name, number);
}

Result<ModelVersion> insert(Connection& connection, const NewModelVersion& version,
                            std::int64_t now_ms) {
  Result<void> known = require_model(connection, version.name);
  if (!known) return std::move(known).error();
  const Result<VersionSource> from = resolve_version_source(connection, version);
  if (!from) return from.error();
  const Result<std::int64_t> number = next_number(connection, version.name);
  if (!number) return number.error();
  Result<void> done = insert_row(connection, version, *from, *number, now_ms);
  if (done) done = insert_tags(connection, version, *from, *number);
  if (done) done = touch_model(connection, version.name, now_ms);
  if (!done) return std::move(done).error();
  return read_version(connection, version.name, *number);
}

/// The highest number of all stages.
Result<ModelVersion> read_newest(Connection& connection, std::string_view name) {
  Result<void> known = require_model(connection, name);
  if (!known) return std::move(known).error();
  Result<std::vector<ModelVersion>> latest = read_latest_versions(connection, name);
  if (!latest) return std::move(latest).error();
  if (latest->empty()) {
    return Error{ErrorCode::not_found,
                 "Latest version not found for model " + std::string(name) + "."};
  }
  return std::move(latest->back());
}

Result<ModelVersion> read_by_alias(Connection& connection, std::string_view name,
                                   std::string_view alias) {
  if (same_word(alias, "latest")) return read_newest(connection, name);
  Result<void> known = require_model(connection, name);
  if (!known) return std::move(known).error();
  const Result<std::optional<std::int64_t>> number = find_alias(connection, name, alias);
  if (!number) return number.error();
  if (*number) return read_version(connection, name, **number);
  return Error{ErrorCode::invalid_argument,
               "Registered model alias " + std::string(alias) + " not found."};
}

Result<std::vector<ModelVersion>> read_latest(Connection& connection, std::string_view name,
                                              const std::vector<Stage>& stages) {
  Result<void> known = require_model(connection, name);
  if (!known) return std::move(known).error();
  Result<std::vector<ModelVersion>> latest = read_latest_versions(connection, name);
  if (!latest || stages.empty()) return latest;
  std::erase_if(*latest, [&](const ModelVersion& version) {
    return std::find(stages.begin(), stages.end(), version.stage) == stages.end();
  });
  return latest;
}

Result<void> check_archiving(Stage stage, ArchiveExisting archive) {
  const bool active = stage == Stage::staging || stage == Stage::production;
  if (archive == ArchiveExisting::no || active) return {};
  return Error{ErrorCode::invalid_argument,
               "Model version transition cannot archive existing model versions because '" +
                   std::string(stage_name(stage)) +
                   "' is not an Active stage. Valid stages are ['Staging', 'Production']"};
}

struct Transition {
  std::int64_t number;
  Stage stage;
  ArchiveExisting archive;
  std::int64_t now_ms;
};

Result<ModelVersion> move(Connection& connection, std::string_view name, const Transition& to) {
  Result<void> done = require_version(connection, name, to.number);
  if (done && to.archive == ArchiveExisting::yes) {
    done = connection.run(
        "UPDATE model_versions SET current_stage='Archived', last_updated_time=?4 "
        "WHERE workspace='default' AND name=?1 AND version<>?2 AND current_stage=?3",
        name, to.number, stage_name(to.stage), to.now_ms);
  }
  if (done) {
    done = connection.run(
        "UPDATE model_versions SET current_stage=?3, last_updated_time=?4 "
        "WHERE workspace='default' AND name=?1 AND version=?2",
        name, to.number, stage_name(to.stage), to.now_ms);
  }
  if (done) done = touch_model(connection, name, to.now_ms);
  if (!done) return std::move(done).error();
  return read_version(connection, name, to.number);
}

/// The row stays, without what could tell where the files were; so do the tags, as in MLflow.
Result<void> redact(Connection& connection, std::string_view name, std::int64_t number,
                    std::int64_t now_ms) {
  Result<void> done = require_version(connection, name, number);
  if (done) {
    done = connection.run(
        "DELETE FROM registered_model_aliases "
        "WHERE workspace='default' AND name=?1 AND version=?2",
        name, number);
  }
  if (done) {
    done = connection.run(
        "UPDATE model_versions SET current_stage='Deleted_Internal', last_updated_time=?3, "
        "description=NULL, user_id=NULL, source='REDACTED-SOURCE-PATH', "
        "run_id='REDACTED-RUN-ID', run_link='REDACTED-RUN-LINK', status_message=NULL "
        "WHERE workspace='default' AND name=?1 AND version=?2",
        name, number, now_ms);
  }
  if (done) done = touch_model(connection, name, now_ms);
  return done;
}

class SqliteModelVersions final : public ModelVersionStore {
 public:
  explicit SqliteModelVersions(Session& session) : session_(session) {}

  Result<ModelVersion> create(const NewModelVersion& version) override {
    Result<void> valid = check_new(version);
    if (!valid) return std::move(valid).error();
    return session_.write(
        [&](Connection& connection) { return insert(connection, version, session_.now_ms()); });
  }

  Result<ModelVersion> get(const VersionName& version) override {
    const Result<std::int64_t> number = checked(version);
    if (!number) return number.error();
    return session_.read(
        [&](Connection& connection) { return read_version(connection, version.name, *number); });
  }

  Result<ModelVersion> find_by_alias(std::string_view name, std::string_view alias) override {
    Result<void> valid = check_model_name(name);
    if (valid) valid = check_alias(alias);
    if (!valid) return std::move(valid).error();
    return session_.read(
        [&](Connection& connection) { return read_by_alias(connection, name, alias); });
  }

  Result<std::vector<ModelVersion>> latest(std::string_view name,
                                           const std::vector<Stage>& stages) override {
    Result<void> valid = check_model_name(name);
    if (!valid) return std::move(valid).error();
    return session_.read(
        [&](Connection& connection) { return read_latest(connection, name, stages); });
  }

  Result<ModelVersion> describe(const VersionName& version, std::string_view text) override {
    const Result<std::int64_t> number = checked(version);
    if (!number) return number.error();
    Result<void> valid = check_text({text});
    if (!valid) return std::move(valid).error();
    return session_.write([&](Connection& connection) -> Result<ModelVersion> {
      Result<void> described = connection.run(
          "UPDATE model_versions SET description=?3, last_updated_time=?4 "
          "WHERE workspace='default' AND name=?1 AND version=?2 "
          "AND current_stage<>'Deleted_Internal'",
          version.name, *number, text, session_.now_ms());
      if (!described) return std::move(described).error();
      return read_version(connection, version.name, *number);
    });
  }

  Result<ModelVersion> transition(const VersionName& version, Stage stage,
                                  ArchiveExisting archive) override {
    Result<void> valid = check_archiving(stage, archive);
    if (!valid) return std::move(valid).error();
    const Result<std::int64_t> number = checked(version);
    if (!number) return number.error();
    return session_.write([&](Connection& connection) {
      return move(connection, version.name, {*number, stage, archive, session_.now_ms()});
    });
  }

  Result<void> remove(const VersionName& version) override {
    return change(version, [&](Connection& connection, std::int64_t number) {
      return redact(connection, version.name, number, session_.now_ms());
    });
  }

  Result<Page<ModelVersion>> search(const RegistryQuery& query) override {
    const Result<CompiledSearch> compiled = compile_model_version_search(query);
    if (!compiled) return compiled.error();
    return session_.read([&](Connection& connection) {
      return read_page<ModelVersion>(connection, *compiled, [&](const Query& key) {
        return read_version(connection, key.view(0), key.integer(1));
      });
    });
  }

  Result<std::string> download_uri(const VersionName& version) override {
    const Result<std::int64_t> number = checked(version);
    if (!number) return number.error();
    return session_.read([&](Connection& connection) {
      return read_storage_location(connection, version.name, *number);
    });
  }

  Result<void> set_tag(const VersionName& version, const Tag& tag) override {
    Result<void> valid = check_version_tag(tag);
    if (!valid) return valid;
    return change(version, [&](Connection& connection, std::int64_t number) -> Result<void> {
      Result<void> known = require_version(connection, version.name, number);
      if (!known) return known;
      return put_version_tag(connection, version.name, number, tag);
    });
  }

  Result<void> delete_tag(const VersionName& version, std::string_view key) override {
    Result<void> valid = check_tag_key(key);
    if (!valid) return valid;
    return change(version, [&](Connection& connection, std::int64_t number) -> Result<void> {
      Result<void> known = require_version(connection, version.name, number);
      if (!known) return known;
      return connection.run(
          "DELETE FROM model_version_tags "
          "WHERE workspace='default' AND name=?1 AND version=?2 AND key=?3",
          version.name, number, key);
    });
  }

 private:
  static Result<std::int64_t> checked(const VersionName& version) {
    Result<void> valid = check_model_name(version.name);
    if (!valid) return std::move(valid).error();
    return version_number(version.version);
  }

  template <typename Work>
  Result<void> change(const VersionName& version, Work&& work) {
    const Result<std::int64_t> number = checked(version);
    if (!number) return number.error();
    return session_.write([&](Connection& connection) { return work(connection, *number); });
  }

  Session& session_;
};

}  // namespace

std::unique_ptr<ModelVersionStore> make_model_version_store(Session& session) {
  return std::make_unique<SqliteModelVersions>(session);
}

}  // namespace liquid::tracking::sqlite
