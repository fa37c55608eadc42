#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <utility>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/listing.h"
#include "cli/run_choice.h"
#include "cli/tracking_client.h"
#include "cli/transfer_summary.h"
#include "tracking/transfer/transfer.h"

// liquid tracking export|import, liquid runs export|import

namespace liquid::cli {
namespace {

namespace fs = std::filesystem;
using tracking::TransferSummary;

struct TransferFlags {
  TrackingFlags tracking;
  OutputFlags output;
  std::string from;
  std::string to;
  std::vector<std::string> experiments;
  std::vector<std::string> runs;
  std::vector<std::string> folders;
  std::string target_name;
  bool artifacts = true;
  bool registry = false;
  bool deleted = false;
};
using Flags = std::shared_ptr<TransferFlags>;

constexpr const char* kExamples =
    "Examples:\n"
    "  liquid tracking export --experiment-name finetune --to http://mlflow:5000\n"
    "  liquid tracking export --from http://mlflow:5000 --to saved/\n"
    "  liquid tracking import --from saved/ --to sqlite:///mlflow.db\n"
    "\n"
    "Places: sqlite:///FILE, http://…, https://…, or a folder. Experiments keep their\n"
    "name, runs get new ids and the tag liquid.source_run_id. Running it again copies\n"
    "only what is new, and goes on with what broke off.\n";

bool is_store(const std::string& place) { return place.find(':') != std::string::npos; }

tracking::TransferOptions options_of(const TransferFlags& flags) {
  tracking::TransferOptions options;
  options.experiment_name = flags.target_name;
  if (!flags.artifacts) options.artifacts = tracking::ArtifactTransfer::leave;
  if (flags.registry) options.registry = tracking::RegistryTransfer::copy;
  return options;
}

Result<TrackingClient> open_at(const std::string& uri, MissingFile missing) {
  auto settings = tracking_settings({});
  if (!settings) return std::move(settings).error();
  if (!uri.empty()) settings->tracking_uri = uri;
  return open_tracking_at(std::move(*settings), missing);
}

// Where one transfer goes. Several experiments get folders of their own in a folder.
struct Target {
  std::optional<TrackingClient> client;
  fs::path folder;
};

Result<Target> open_target(const std::string& place) {
  if (!is_store(place)) return Target{std::nullopt, fs::path(place)};
  auto client = open_at(place, MissingFile::create);
  if (!client) return std::move(client).error();
  return Target{std::move(*client), {}};
}

Result<TransferSummary> transfer(tracking::TransferSource& source, Target& target,
                                 const fs::path& folder, const TransferFlags& flags) {
  const auto observer = transfer_observer();
  auto done =
      target.client
          ? tracking::transfer_to_store(source, {*target.client->store, target.client->settings},
                                        options_of(flags), observer)
          : tracking::transfer_to_folder(source, folder, options_of(flags), observer);
  end_transfer_observer();
  return done;
}

using Summaries = std::vector<TransferSummary>;

Result<void> copy_experiment(TrackingClient& from, Target& target,
                             const tracking::Experiment& experiment, const TransferFlags& flags,
                             Summaries& summaries) {
  tracking::RunSelection selection;
  if (flags.deleted) selection.view = tracking::ViewType::all;
  auto source = tracking::open_store_source(*from.store, from.settings, experiment, selection);
  if (!source) return std::move(source).error();
  const bool several = flags.experiments.size() > 1;
  const fs::path folder = several ? target.folder / experiment.id.str() : target.folder;
  auto done = transfer(**source, target, folder, flags);
  if (!done) return std::move(done).error().with_context("experiment '" + experiment.name + "'");
  summaries.push_back(std::move(*done));
  return {};
}

Result<void> copy_from_store(const TransferFlags& flags, Target& target, Summaries& summaries) {
  auto from = open_at(flags.from, MissingFile::refuse);
  if (!from) return std::move(from).error();
  std::vector<std::string> names = flags.experiments;
  if (names.empty()) names.emplace_back();
  for (const std::string& name : names) {
    const auto experiment = chosen_experiment(*from, {.id = "", .name = name});
    if (!experiment) return experiment.error();
    Result<void> copied = copy_experiment(*from, target, *experiment, flags, summaries);
    if (!copied) return copied;
  }
  return {};
}

// A folder is one export, or holds several.
std::vector<fs::path> exports_in(const fs::path& folder) {
  std::error_code failure;
  if (fs::exists(folder / "export.json", failure)) return {folder};
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure)) {
    if (fs::exists(entry.path() / "export.json", failure)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  if (found.empty()) found.push_back(folder);
  return found;
}

bool is_asked_for(const TransferFlags& flags, const std::string& name) {
  const auto& names = flags.experiments;
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

Result<void> copy_from_folder(const TransferFlags& flags, const fs::path& from, Target& target,
                              Summaries& summaries) {
  const std::vector<fs::path> folders = exports_in(from);
  for (const fs::path& folder : folders) {
    auto source = tracking::open_folder_source(folder);
    if (!source) return std::move(source).error();
    if (!is_asked_for(flags, (*source)->experiment().name)) continue;
    const fs::path place = folders.size() > 1 ? target.folder / folder.filename() : target.folder;
    auto done = transfer(**source, target, place, flags);
    if (!done) return std::move(done).error().with_context(folder.string());
    summaries.push_back(std::move(*done));
  }
  if (!summaries.empty()) return {};
  return Error{ErrorCode::not_found,
               from.string() + " holds no experiment named '" + flags.experiments.front() + "'"};
}

int report(const Result<void>& copied, const Summaries& summaries, const TransferFlags& flags) {
  if (!summaries.empty() || copied) {
    std::cout << (flags.output.json ? summaries_json(summaries) + "\n"
                                    : summaries_text(summaries, terminal_columns(STDOUT_FILENO)));
  }
  return copied ? kSuccess : failure(copied.error());
}

int run_tracking_transfer(const TransferFlags& flags) {
  if (!flags.target_name.empty() && flags.experiments.size() > 1) {
    return bad_usage({ErrorCode::invalid_argument, "--as names one experiment, not several"});
  }
  auto target = open_target(flags.to);
  if (!target) return failure(target.error());
  Summaries summaries;
  const bool from_store = flags.from.empty() || is_store(flags.from);
  const Result<void> copied = from_store ? copy_from_store(flags, *target, summaries)
                                         : copy_from_folder(flags, flags.from, *target, summaries);
  return report(copied, summaries, flags);
}

Result<std::unique_ptr<tracking::TransferSource>> source_of_runs(
    TrackingClient& client, const std::vector<std::string>& names) {
  tracking::RunSelection selection;
  selection.view = tracking::ViewType::all;
  tracking::ExperimentId experiment_id;
  for (const std::string& name : names) {
    auto run = find_run(*client.store, name);
    if (!run) return std::move(run).error();
    if (selection.runs.empty()) experiment_id = run->info.experiment_id;
    selection.runs.push_back(run->info.id);
  }
  const auto experiment = client.store->experiments().get(experiment_id);
  if (!experiment) return experiment.error();
  return tracking::open_store_source(*client.store, client.settings, *experiment, selection);
}

int run_runs_export(const TransferFlags& flags) {
  auto client = open_tracking(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  auto source = source_of_runs(*client, flags.runs);
  if (!source) return failure(source.error());
  auto target = open_target(flags.to);
  if (!target) return failure(target.error());
  Summaries summaries;
  auto done = transfer(**source, *target, target->folder, flags);
  if (!done) return failure(done.error());
  summaries.push_back(std::move(*done));
  return report({}, summaries, flags);
}

int run_runs_import(const TransferFlags& flags) {
  auto client = open_tracking(flags.tracking, MissingFile::create);
  if (!client) return failure(client.error());
  Target target{std::move(*client), {}};
  Summaries all;
  for (const std::string& folder : flags.folders) {
    Summaries summaries;
    const Result<void> copied = copy_from_folder(flags, folder, target, summaries);
    std::move(summaries.begin(), summaries.end(), std::back_inserter(all));
    if (!copied) return report(copied, all, flags);
  }
  return report({}, all, flags);
}

void add_content_options(CLI::App& command, TransferFlags& flags) {
  command.add_flag("--artifacts,!--no-artifacts", flags.artifacts,
                   "Files of runs and models (default) or not");
  command.add_flag("--registry", flags.registry, "Versions of registered models too");
  add_json_option(command, flags.output);
}

void add_name_option(CLI::App& command, TransferFlags& flags) {
  command.add_option("--as", flags.target_name, "Name of the experiment at the target")
      ->type_name("NAME");
}

void add_tracking_transfer(CLI::App& parent, const char* name, int& status) {
  const bool exports = std::string_view(name) == "export";
  CLI::App* command = parent.add_subcommand(
      name, exports ? "Copy experiments to a store or folder" : "Copy experiments into a store");
  const auto flags = std::make_shared<TransferFlags>();
  auto* from = command->add_option("--from", flags->from, "Store or folder")->type_name("PLACE");
  auto* to = command->add_option("--to", flags->to, "Store or folder")->type_name("PLACE");
  const char* tracking = "The tracking URI";
  (exports ? to : from)->required();
  (exports ? from : to)->default_str(tracking);
  command
      ->add_option("--experiment-name", flags->experiments,
                   exports ? "Which; may be given again (default Default)"
                           : "Which; may be given again (default all of a folder)")
      ->type_name("NAME")
      ->allow_extra_args(false);
  add_name_option(*command, *flags);
  command->add_flag("--deleted", flags->deleted, "Runs in the trash too");
  add_content_options(*command, *flags);
  command->callback([flags, &status] { status = run_tracking_transfer(*flags); });
}

void add_runs_export(CLI::App& runs, int& status) {
  CLI::App* command = runs.add_subcommand("export", "Copy runs to a folder or store");
  const auto flags = std::make_shared<TransferFlags>();
  add_tracking_option(*command, flags->tracking);
  command->add_option("run", flags->runs, "Runs of one experiment")->required();
  command->add_option("--to", flags->to, "Folder or store")->type_name("PLACE")->required();
  add_name_option(*command, *flags);
  add_content_options(*command, *flags);
  command->callback([flags, &status] { status = run_runs_export(*flags); });
}

void add_runs_import(CLI::App& runs, int& status) {
  CLI::App* command = runs.add_subcommand("import", "Copy exported runs into a store");
  const auto flags = std::make_shared<TransferFlags>();
  add_tracking_option(*command, flags->tracking);
  command->add_option("folder", flags->folders, "Folders that export wrote")->required();
  add_name_option(*command, *flags);
  add_content_options(*command, *flags);
  command->callback([flags, &status] { status = run_runs_import(*flags); });
}

}  // namespace

void add_run_transfer_commands(CLI::App& runs, int& status) {
  add_runs_export(runs, status);
  add_runs_import(runs, status);
}

void add_tracking_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("tracking", "Experiments from one store to another");
  command->footer(kExamples);
  command->require_subcommand(1);
  add_tracking_transfer(*command, "export", status);
  add_tracking_transfer(*command, "import", status);
}

}  // namespace liquid::cli
