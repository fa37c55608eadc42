#include "cli/tracking_client.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <utility>

#include "tracking/client/open_store.h"
#include "tracking/sqlite/database_path.h"

namespace liquid::cli {
namespace {

Result<void> require_file(const std::string& uri) {
  if (!uri.starts_with("sqlite:")) return {};
  const auto path = tracking::sqlite::database_path(uri);
  if (!path) return path.error();
  std::error_code error;
  if (std::filesystem::exists(*path, error)) return {};
  return Error{ErrorCode::not_found, uri + ": there is no file " + path->string() +
                                         "\nName the store with --tracking-uri or in "
                                         "MLFLOW_TRACKING_URI."};
}

Result<tracking::Experiment> experiment_by_name(tracking::Store& store, const std::string& name) {
  auto found = store.experiments().find(name);
  if (!found) return std::move(found).error();
  if (found->has_value()) return std::move(**found);
  return Error{ErrorCode::not_found, "no experiment is named '" + name +
                                         "' (liquid experiments list shows those there are)"};
}

}  // namespace

void add_tracking_option(CLI::App& command, TrackingFlags& flags) {
  command
      .add_option("--tracking-uri", flags.tracking_uri,
                  "Store: sqlite:///FILE, http://… (default sqlite:///mlflow.db)")
      ->type_name("URI")
      ->envname("MLFLOW_TRACKING_URI");
}

void add_registry_option(CLI::App& command, TrackingFlags& flags) {
  command
      .add_option("--registry-uri", flags.registry_uri,
                  "Store of the model registry (default: the same)")
      ->type_name("URI")
      ->envname("MLFLOW_REGISTRY_URI");
}

void add_experiment_options(CLI::App& command, ExperimentChoice& choice) {
  // The variables are looked at later: a flag of one kind beats a variable of the other.
  auto* id = command
                 .add_option("--experiment-id", choice.id,
                             "Experiment, by id (default MLFLOW_EXPERIMENT_ID)")
                 ->type_name("ID");
  command.add_option("--experiment-name", choice.name, "Experiment, by name (default Default)")
      ->type_name("NAME")
      ->excludes(id);
}

Result<tracking::Settings> tracking_settings(const TrackingFlags& flags) {
  auto settings = tracking::settings_from(tracking::process_environment());
  if (!settings) return settings;
  if (!flags.tracking_uri.empty()) settings->tracking_uri = flags.tracking_uri;
  if (!flags.registry_uri.empty()) settings->registry_uri = flags.registry_uri;
  return settings;
}

Result<TrackingClient> open_tracking_at(tracking::Settings settings, MissingFile missing) {
  if (missing == MissingFile::refuse) {
    const auto there = require_file(settings.tracking_uri);
    if (!there) return there.error();
  }
  TrackingClient client{std::move(settings), std::make_unique<SystemClock>(), nullptr};
  auto store = tracking::open_store(client.settings.tracking_uri, client.settings, *client.clock);
  if (!store) return std::move(store).error();
  client.store = std::move(*store);
  return client;
}

Result<TrackingClient> open_tracking(const TrackingFlags& flags, MissingFile missing) {
  auto settings = tracking_settings(flags);
  if (!settings) return std::move(settings).error();
  return open_tracking_at(std::move(*settings), missing);
}

Result<TrackingClient> open_registry(const TrackingFlags& flags, MissingFile missing) {
  auto settings = tracking_settings(flags);
  if (!settings) return std::move(settings).error();
  if (!settings->registry_uri.empty()) settings->tracking_uri = settings->registry_uri;
  return open_tracking_at(std::move(*settings), missing);
}

Result<tracking::Experiment> chosen_experiment(TrackingClient& client,
                                               const ExperimentChoice& choice) {
  if (!choice.name.empty()) return experiment_by_name(*client.store, choice.name);
  if (!choice.id.empty()) {
    return client.store->experiments().get(tracking::ExperimentId(choice.id));
  }
  if (!client.settings.experiment_id.empty()) {
    return client.store->experiments().get(tracking::ExperimentId(client.settings.experiment_id));
  }
  const std::string& name = client.settings.experiment_name;
  return experiment_by_name(*client.store, name.empty() ? "Default" : name);
}

}  // namespace liquid::cli
