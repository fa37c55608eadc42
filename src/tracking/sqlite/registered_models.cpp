#include "tracking/sqlite/registered_models.h"

#include <algorithm>
#include <string>
#include <utility>

#include "tracking/sqlite/registry_rows.h"
#include "tracking/sqlite/registry_rules.h"
#include "tracking/sqlite/search_page.h"

namespace liquid::tracking::sqlite {
namespace {

bool has_prompt_tag(const std::vector<Tag>& tags) {
  return std::any_of(tags.begin(), tags.end(),
                     [](const Tag& tag) { return tag.key == kPromptTag; });
}

Result<void> check_new(const NewRegisteredModel& model) {
  Result<void> valid = check_model_name(model.name);
  if (valid) valid = check_text({model.description});
  if (!valid) return valid;
  for (const Tag& tag : model.tags) {
    valid = check_model_tag(tag);
    if (!valid) return valid;
  }
  return {};
}

/// A name stands for a model or for a prompt, and the message says which one was first.
Error name_taken(const NewRegisteredModel& model, bool by_prompt) {
  const bool is_prompt = has_prompt_tag(model.tags);
  if (is_prompt == by_prompt) {
    return Error{ErrorCode::conflict, (is_prompt ? "Prompt" : "Registered Model") +
                                          (" (name=" + model.name + ") already exists.")};
  }
  return Error{ErrorCode::conflict,
               "Tried to create a " + std::string(is_prompt ? "prompt" : "registered model") +
                   " with name '" + model.name + "', but the name is already taken by a " +
                   (by_prompt ? "prompt" : "registered model") +
                   ". MLflow does not allow creating a model and a prompt with the same name."};
}

Result<void> require_free_name(Connection& connection, const NewRegisteredModel& model) {
  const Result<bool> by_prompt = is_stored_prompt(connection, model.name);
  if (by_prompt) return name_taken(model, *by_prompt);
  if (by_prompt.error().code == ErrorCode::not_found) return {};
  return by_prompt.error();
}

Result<RegisteredModel> insert(Connection& connection, const NewRegisteredModel& model,
                               std::int64_t now_ms) {
  Result<void> free = require_free_name(connection, model);
  if (!free) return std::move(free).error();
  Result<void> inserted = connection.run(
      "INSERT INTO registered_models(workspace, name, creation_time, last_updated_time, "
      "description) VALUES ('default', ?1, ?2, ?2, ?3)",
      model.name, now_ms, or_null(model.description));
  if (!inserted) return std::move(inserted).error();
  for (const Tag& tag : model.tags) {
    Result<void> put = put_model_tag(connection, model.name, tag);
    if (!put) return std::move(put).error();
  }
  return read_model(connection, model.name);
}

/// Versions, tags and aliases follow: their foreign keys cascade.
Result<RegisteredModel> change_name(Connection& connection, std::string_view name,
                                    std::string_view new_name, std::int64_t now_ms) {
  Result<void> known = require_model(connection, name);
  if (!known) return std::move(known).error();
  const Result<bool> taken = connection.any(
      "SELECT 1 FROM registered_models WHERE workspace='default' AND name=?1 AND name<>?2",
      new_name, name);
  if (!taken) return taken.error();
  if (*taken) {
    return Error{ErrorCode::conflict,
                 "Registered Model (name=" + std::string(new_name) + ") already exists."};
  }
  Result<void> renamed = connection.run(
      "UPDATE registered_models SET name=?2, last_updated_time=?3 "
      "WHERE workspace='default' AND name=?1",
      name, new_name, now_ms);
  if (!renamed) return std::move(renamed).error();
  Result<void> touched = connection.run(
      "UPDATE model_versions SET last_updated_time=?2 WHERE workspace='default' AND name=?1",
      new_name, now_ms);
  if (!touched) return std::move(touched).error();
  return read_model(connection, new_name);
}

Result<void> erase(Connection& connection, std::string_view name) {
  Result<void> known = require_model(connection, name);
  if (!known) return known;
  // What refers to others goes first.
  for (const std::string_view sql :
       {"DELETE FROM registered_model_aliases WHERE workspace='default' AND name=?1",
        "DELETE FROM model_version_tags WHERE workspace='default' AND name=?1",
        "DELETE FROM model_versions WHERE workspace='default' AND name=?1",
        "DELETE FROM registered_model_tags WHERE workspace='default' AND name=?1",
        "DELETE FROM registered_models WHERE workspace='default' AND name=?1"}) {
    Result<void> gone = connection.run(sql, name);
    if (!gone) return gone;
  }
  return {};
}

Result<void> put_alias(Connection& connection, std::string_view name, std::string_view alias,
                       std::int64_t version) {
  Result<void> known = require_version(connection, name, version);
  if (!known) return known;
  return connection.run(
      "INSERT INTO registered_model_aliases(workspace, name, alias, version) "
      "VALUES ('default', ?1, ?2, ?3) "
      "ON CONFLICT(workspace, name, alias) DO UPDATE SET version=excluded.version",
      name, alias, version);
}

class SqliteRegisteredModels final : public RegisteredModelStore {
 public:
  explicit SqliteRegisteredModels(Session& session) : session_(session) {}

  Result<RegisteredModel> create(const NewRegisteredModel& model) override {
    Result<void> valid = check_new(model);
    if (!valid) return std::move(valid).error();
    return session_.write(
        [&](Connection& connection) { return insert(connection, model, session_.now_ms()); });
  }

  Result<RegisteredModel> get(std::string_view name) override {
    Result<void> valid = check_model_name(name);
    if (!valid) return std::move(valid).error();
    return session_.read([&](Connection& connection) { return read_model(connection, name); });
  }

  Result<RegisteredModel> describe(std::string_view name, std::string_view text) override {
    Result<void> valid = check_model_name(name);
    if (valid) valid = check_text({text});
    if (!valid) return std::move(valid).error();
    return session_.write([&](Connection& connection) -> Result<RegisteredModel> {
      Result<void> described = connection.run(
          "UPDATE registered_models SET description=?2, last_updated_time=?3 "
          "WHERE workspace='default' AND name=?1",
          name, text, session_.now_ms());
      if (!described) return std::move(described).error();
      return read_model(connection, name);
    });
  }

  Result<RegisteredModel> rename(std::string_view name, std::string_view new_name) override {
    Result<void> valid = check_new_model_name(new_name);
    if (valid) valid = check_model_name(name);
    if (!valid) return std::move(valid).error();
    return session_.write([&](Connection& connection) {
      return change_name(connection, name, new_name, session_.now_ms());
    });
  }

  Result<void> remove(std::string_view name) override {
    return change(name, [&](Connection& connection) { return erase(connection, name); });
  }

  Result<Page<RegisteredModel>> search(const RegistryQuery& query) override {
    const Result<CompiledSearch> compiled = compile_registered_model_search(query);
    if (!compiled) return compiled.error();
    return session_.read([&](Connection& connection) {
      return read_page<RegisteredModel>(connection, *compiled, [&](const Query& key) {
        return read_model(connection, key.view(0));
      });
    });
  }

  Result<void> set_tag(std::string_view name, const Tag& tag) override {
    Result<void> valid = check_model_tag(tag);
    if (!valid) return valid;
    return change(name, [&](Connection& connection) -> Result<void> {
      Result<void> known = require_model(connection, name);
      if (!known) return known;
      return put_model_tag(connection, name, tag);
    });
  }

  Result<void> delete_tag(std::string_view name, std::string_view key) override {
    Result<void> valid = check_tag_key(key);
    if (!valid) return valid;
    return change(name, [&](Connection& connection) -> Result<void> {
      Result<void> known = require_model(connection, name);
      if (!known) return known;
      return connection.run(
          "DELETE FROM registered_model_tags WHERE workspace='default' AND name=?1 AND key=?2",
          name, key);
    });
  }

  Result<void> set_alias(std::string_view name, const ModelAlias& alias) override {
    Result<void> valid = check_new_alias(alias.alias);
    if (!valid) return valid;
    const Result<std::int64_t> version = version_number(alias.version);
    if (!version) return version.error();
    return change(name, [&](Connection& connection) {
      return put_alias(connection, name, alias.alias, *version);
    });
  }

  Result<void> delete_alias(std::string_view name, std::string_view alias) override {
    Result<void> valid = check_alias(alias);
    if (!valid) return valid;
    return change(name, [&](Connection& connection) -> Result<void> {
      Result<void> known = require_model(connection, name);
      if (!known) return known;
      return connection.run(
          "DELETE FROM registered_model_aliases WHERE workspace='default' AND name=?1 AND alias=?2",
          name, alias);
    });
  }

 private:
  template <typename Work>
  Result<void> change(std::string_view name, Work&& work) {
    Result<void> valid = check_model_name(name);
    if (!valid) return valid;
    return session_.write(std::forward<Work>(work));
  }

  Session& session_;
};

}  // namespace

std::unique_ptr<RegisteredModelStore> make_registered_model_store(Session& session) {
  return std::make_unique<SqliteRegisteredModels>(session);
}

}  // namespace liquid::tracking::sqlite
