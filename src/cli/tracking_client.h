#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/settings.h"
#include "tracking/store.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it
class App;
}

namespace liquid::cli {

/// Where the commands about experiments look, as flags and MLflow's variables say it.
struct TrackingFlags {
  std::string tracking_uri;
  std::string registry_uri;
};

/// --tracking-uri; with `add_registry_option` also --registry-uri.
void add_tracking_option(CLI::App& command, TrackingFlags& flags);
void add_registry_option(CLI::App& command, TrackingFlags& flags);

/// What a command needs to reach a store. The stores borrow the clock beside them.
struct TrackingClient {
  tracking::Settings settings;
  std::unique_ptr<const Clock> clock;
  std::unique_ptr<tracking::Store> store;
};

/// What is read only must be there: asking about experiments never makes a database file.
enum class MissingFile { refuse, create };

Result<tracking::Settings> tracking_settings(const TrackingFlags& flags);
Result<TrackingClient> open_tracking(const TrackingFlags& flags, MissingFile missing);
/// The model registry, which is the tracking store unless a URI of its own is given.
Result<TrackingClient> open_registry(const TrackingFlags& flags, MissingFile missing);
Result<TrackingClient> open_tracking_at(tracking::Settings settings, MissingFile missing);

/// The experiment that is meant: by id, by name, or else as MLFLOW_EXPERIMENT_ID and
/// MLFLOW_EXPERIMENT_NAME say, or else "Default". Errors: not_found, naming those that are alike.
struct ExperimentChoice {
  std::string id;
  std::string name;
};
void add_experiment_options(CLI::App& command, ExperimentChoice& choice);
Result<tracking::Experiment> chosen_experiment(TrackingClient& client,
                                               const ExperimentChoice& choice);

}  // namespace liquid::cli
