#include "tracking/sqlite/version_source.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "tracking/names.h"
#include "tracking/sqlite/logged_model_rows.h"
#include "tracking/sqlite/registry_rows.h"
#include "tracking/sqlite/registry_rules.h"
#include "tracking/sqlite/uri_parts.h"
#include "tracking/text_coding.h"

namespace liquid::tracking::sqlite {
namespace {

namespace fs = std::filesystem;

// What MLflow's own callers send for prompts, whose text is a tag and which have no files.
constexpr std::array<std::string_view, 2> kPromptSources{"prompt-template", "dummy-source"};
constexpr std::string_view kProxyRoute = "/api/2.0/mlflow-artifacts/artifacts/";

Error invalid_source(std::string_view source, const std::string& why) {
  return Error{ErrorCode::invalid_argument,
               "Invalid model version source: '" + std::string(source) + "'. " + why};
}

Error not_contained(std::string_view source, const std::string& parameter) {
  return invalid_source(source, "The " + parameter +
                                    " request parameter must identify the resource that contains "
                                    "the source.");
}

std::vector<std::string> path_steps(std::string_view path) {
  std::vector<std::string> steps;
  while (!path.empty()) {
    const std::string_view step = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(step.size() + 1, path.size()));
    if (!step.empty()) steps.emplace_back(step);
  }
  return steps;
}

std::string decoded_fully(std::string_view text) {
  std::string before(text);
  for (;;) {
    std::string after = percent_decoded(before);
    if (after == before) return before;
    before = std::move(after);
  }
}

bool climbs(std::string_view text) {
  const std::vector<std::string> steps = path_steps(text);
  return std::any_of(steps.begin(), steps.end(),
                     [](const std::string& step) { return step == ".." || step == "."; });
}

/// Sources that are no local paths: absolute, and without steps that lead elsewhere.
Result<void> check_remote(std::string_view source) {
  const std::string plain = decoded_fully(source);
  const UriParts parts = uri_parts(plain);
  const bool absolute =
      parts.path.starts_with('/') && parts.path.find_first_not_of('/') != std::string_view::npos;
  if (absolute && !climbs(plain) && plain.find('\0') == std::string::npos) return {};
  return invalid_source(source,
                        "If supplying a source as an http, https, local file path, ftp, "
                        "objectstore, or mlflow-artifacts uri, an absolute path must be provided "
                        "without relative path references present. Please provide an absolute "
                        "path.");
}

fs::path real_path(std::string_view uri) {
  std::error_code failed;
  const fs::path path = local_path(uri);
  fs::path real = fs::weakly_canonical(fs::absolute(path, failed), failed);
  if (failed) real = path.lexically_normal();
  return real.has_filename() ? real : real.parent_path();
}

bool is_below(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

bool is_proxied(std::string_view source) {
  const UriParts parts = uri_parts(source);
  if (same_word(parts.scheme, "mlflow-artifacts")) return true;
  const bool web = same_word(parts.scheme, "http") || same_word(parts.scheme, "https");
  return web && (decoded_fully(parts.path) + "/").find(kProxyRoute) != std::string::npos;
}

bool is_uri_below(std::string_view source, std::string_view root) {
  const UriParts from = uri_parts(source);
  const UriParts to = uri_parts(root);
  const std::vector<std::string> path = path_steps(decoded_fully(from.path));
  const std::vector<std::string> folder = path_steps(decoded_fully(to.path));
  return same_word(from.scheme, to.scheme) && same_word(from.authority, to.authority) &&
         !folder.empty() && folder.size() <= path.size() &&
         std::equal(folder.begin(), folder.end(), path.begin());
}

/// The run or the logged model that a source has to lie in.
struct Container {
  std::string parameter;  ///< "run_id" or "model_id".
  std::string artifact_uri;
};

Result<void> check_contained(std::string_view source, const std::optional<Container>& container,
                             const std::string& parameter) {
  if (is_local_uri(source)) {
    if (container && is_local_uri(container->artifact_uri) &&
        is_below(real_path(source), real_path(container->artifact_uri))) {
      return {};
    }
    return invalid_source(source, "To use a local path as a model version source, the " +
                                      parameter +
                                      " request parameter has to be specified and the local path "
                                      "has to be contained within the artifact directory of the "
                                      "run specified by the " +
                                      parameter + ".");
  }
  Result<void> remote = check_remote(source);
  if (!remote || !is_proxied(source)) return remote;
  if (container && is_uri_below(source, container->artifact_uri)) return {};
  return not_contained(source, parameter);
}

/// Nothing when there is no such run.
Result<std::optional<Container>> container_of_run(Connection& connection, const RunId& id) {
  std::optional<Container> container;
  Result<void> read = connection.each(
      "SELECT artifact_uri FROM runs WHERE run_uuid=?1",
      [&](const Query& row) { container = {.parameter = "run_id", .artifact_uri = row.text(0)}; },
      id.str());
  if (!read) return std::move(read).error();
  return container;
}

bool needs_container(std::string_view source) { return is_local_uri(source) || is_proxied(source); }

Result<void> check_source_of_run(Connection& connection, const VersionSource& version) {
  const std::string_view source = version.source;
  const UriParts parts = uri_parts(source);
  if (same_word(parts.scheme, "runs")) {
    const std::vector<std::string> steps = path_steps(parts.path);
    const bool same = parts.authority.empty() && !steps.empty() && !version.run_id.empty() &&
                      steps.front() == version.run_id.str();
    if (!same) return not_contained(source, "run_id");
  }
  std::optional<Container> container;
  if (!version.run_id.empty() && needs_container(source)) {
    Result<std::optional<Container>> run = container_of_run(connection, version.run_id);
    if (!run) return std::move(run).error();
    if (!*run) return not_contained(source, "run_id");
    container = std::move(*run);
  }
  return check_contained(source, container, "run_id");
}

Result<void> check_source_of_model(const VersionSource& version, const LoggedModelPlace& model) {
  const std::string_view source = version.source;
  if (same_word(uri_parts(source).scheme, "runs")) return not_contained(source, "model_id");
  return check_contained(source, Container{"model_id", model.artifact_uri}, "model_id");
}

// `models:/` then one of: id | name "/" (number | stage | "latest") | name "@" alias
struct RegistryReference {
  std::string model_id;  ///< Empty: the others say what is meant.
  std::string name;
  std::string suffix;
  std::string alias;
};

std::optional<RegistryReference> parse_reference(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  const std::size_t slash = path.find('/');
  if (path.empty()) return std::nullopt;
  if (slash != std::string_view::npos) {
    RegistryReference named{
        {}, std::string(path.substr(0, slash)), std::string(path.substr(slash + 1)), {}};
    if (named.suffix.empty() || named.suffix.find('/') != std::string::npos) return std::nullopt;
    return named;
  }
  const std::size_t at = path.rfind('@');
  if (at == std::string_view::npos) return RegistryReference{std::string(path), {}, {}, {}};
  if (at == 0 || at + 1 == path.size()) return std::nullopt;
  return RegistryReference{
      {}, std::string(path.substr(0, at)), {}, std::string(path.substr(at + 1))};
}

Result<std::int64_t> newest_of(Connection& connection, const RegistryReference& reference) {
  const bool any_stage = same_word(reference.suffix, "latest");
  const std::optional<Stage> stage = stage_from(reference.suffix);
  if (!any_stage && !stage) {
    return Error{ErrorCode::invalid_argument,
                 "Invalid Model Version stage: " + reference.suffix +
                     ". Value must be one of None, Staging, Production, Archived."};
  }
  std::int64_t newest = 0;
  Result<void> read = connection.each(
      "SELECT coalesce(max(version), 0) FROM model_versions WHERE workspace='default' "
      "AND name=?1 AND current_stage<>'Deleted_Internal' AND (?2='' OR current_stage=?2)",
      [&](const Query& row) { newest = row.integer(0); }, reference.name,
      any_stage ? std::string_view("") : stage_name(*stage));
  if (!read) return std::move(read).error();
  if (newest > 0) return newest;
  return Error{ErrorCode::not_found,
               "No versions of model with name '" + reference.name + "'" +
                   (any_stage ? "" : " and stage '" + reference.suffix + "'") + " found"};
}

bool is_number(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
}

Result<std::int64_t> version_meant(Connection& connection, const RegistryReference& reference) {
  if (reference.alias.empty()) {
    return is_number(reference.suffix) ? version_number(reference.suffix)
                                       : newest_of(connection, reference);
  }
  Result<std::optional<std::int64_t>> version =
      find_alias(connection, reference.name, reference.alias);
  if (!version) return std::move(version).error();
  if (!*version) {
    return Error{ErrorCode::invalid_argument,
                 "Registered model alias " + reference.alias + " not found."};
  }
  return **version;
}

/// A version made of another version keeps that one's run and files.
Result<VersionSource> from_registry(Connection& connection, const NewModelVersion& version,
                                    const RegistryReference& reference) {
  const Result<bool> prompt = is_stored_prompt(connection, reference.name);
  if (!prompt) return prompt.error();
  if (*prompt) {
    return invalid_source(version.source,
                          "Prompt versions cannot be used as model version sources.");
  }
  const Result<std::int64_t> number = version_meant(connection, reference);
  if (!number) return number.error();
  const Result<ModelVersion> original = read_version(connection, reference.name, *number);
  if (!original) return original.error();
  if ((!version.run_id.empty() && version.run_id != original->run_id) ||
      !version.model_id.empty()) {
    return invalid_source(version.source,
                          "The run_id and model_id request parameters must match the referenced "
                          "model version.");
  }
  Result<std::string> location = read_storage_location(connection, reference.name, *number);
  if (!location) return std::move(location).error();
  return VersionSource{"models:/" + reference.name + "/" + std::to_string(*number),
                       std::move(*location), original->run_id, ModelId()};
}

/// A version of files, or of a logged model (which `models:/m-…` names by itself).
Result<VersionSource> from_run_or_model(Connection& connection, VersionSource version) {
  if (version.model_id.empty()) {
    Result<void> valid = check_source_of_run(connection, version);
    if (!valid) return std::move(valid).error();
    return version;
  }
  const Result<LoggedModelPlace> model =
      find_logged_model(connection, version.model_id, Deleted::hidden);
  if (!model) return model.error();
  Result<void> valid = check_source_of_model(version, *model);
  if (!valid) return std::move(valid).error();
  if (version.run_id.empty()) version.run_id = model->source_run_id;
  if (same_word(uri_parts(version.source).scheme, "models")) {
    version.storage_location = model->artifact_uri;
  }
  return version;
}

Result<VersionSource> from_models_uri(Connection& connection, const NewModelVersion& version) {
  const UriParts parts = uri_parts(version.source);
  if (!parts.authority.empty()) {
    return invalid_source(version.source,
                          "Registered model sources must use the active model registry.");
  }
  const std::optional<RegistryReference> reference = parse_reference(parts.path);
  if (!reference) return not_contained(version.source, "model_id");
  if (reference->model_id.empty()) return from_registry(connection, version, *reference);
  const ModelId meant(reference->model_id);
  if (!version.model_id.empty() && version.model_id != meant) {
    return not_contained(version.source, "model_id");
  }
  Result<VersionSource> made =
      from_run_or_model(connection, {version.source, version.source, version.run_id, meant});
  if (made || made.error().code != ErrorCode::not_found) return made;
  return Error{ErrorCode::not_found,
               "Unable to fetch model from model URI source artifact location '" + version.source +
                   "'. Error: " + made.error().message};
}

}  // namespace

Result<VersionSource> resolve_version_source(Connection& connection,
                                             const NewModelVersion& version) {
  if (version.source.empty()) {
    return Error{ErrorCode::invalid_argument, "Missing value for required parameter 'source'."};
  }
  if (is_prompt(version.tags)) {
    const bool known = std::find(kPromptSources.begin(), kPromptSources.end(), version.source) !=
                       kPromptSources.end();
    if (known) return VersionSource{version.source, version.source, version.run_id, ModelId()};
    return Error{ErrorCode::invalid_argument,
                 "Invalid prompt source: '" + version.source +
                     "'. Prompt sources must use an MLflow placeholder."};
  }
  if (same_word(uri_parts(version.source).scheme, "models")) {
    return from_models_uri(connection, version);
  }
  return from_run_or_model(connection,
                           {version.source, version.source, version.run_id, version.model_id});
}

}  // namespace liquid::tracking::sqlite
