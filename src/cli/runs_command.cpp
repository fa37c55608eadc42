#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/listing.h"
#include "cli/run_choice.h"
#include "cli/run_compare.h"
#include "cli/run_views.h"
#include "cli/tracking_client.h"
#include "cli/tracking_json.h"
#include "cli/tracking_views.h"
#include "tracking/names.h"

// liquid runs list|search|get|compare|delete|restore|end, and those of
// run_journals_command.cpp and transfer_command.cpp.

namespace liquid::cli {
namespace {

using tracking::Run;

struct RunFlags {
  TrackingFlags tracking;
  OutputFlags output;
  ExperimentChoice experiment;
  std::string view = "active";
  std::vector<std::string> columns;
  std::vector<std::string> runs;
  std::vector<std::string> metrics;
  std::string status = "FINISHED";
  tracking::RunQuery query;
};
using Flags = std::shared_ptr<RunFlags>;

constexpr const char* kExamples =
    "Examples:\n"
    "  liquid runs list --experiment-name finetune\n"
    "  liquid runs search --experiment-name finetune \\\n"
    "      --filter \"params.r = '16' and metrics.eval_loss < 1.2\" \\\n"
    "      --order-by \"metrics.final_train_loss ASC\" --max-results 1\n"
    "  liquid runs compare 3f2a 91bc --metric loss\n"
    "\n"
    "A run is named by its id or by the beginning of it, if no other begins so.\n";

constexpr std::size_t kColumnsWithoutTerminal = 80;

int run_search(const RunFlags& flags) {
  auto client = open_tracking(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  auto experiments = chosen_experiments(*client, flags.experiment);
  if (!experiments) return failure(experiments.error());
  tracking::RunQuery query = flags.query;
  query.experiment_ids = std::move(*experiments);
  query.view = view_type_of(flags.view);
  const auto found = all_pages<Run>(
      query, [&client](const auto& next) { return client->store->runs().search(next); });
  if (!found) return failure(found.error());
  const auto keys = flags.columns.empty() ? keys_of_order(query.order_by) : flags.columns;
  print(runs_listing(*found, keys, digits_for(flags.output)), flags.output);
  return kSuccess;
}

int run_get(const RunFlags& flags) {
  auto client = open_tracking(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  const auto run = find_run(*client->store, flags.runs.front());
  if (!run) return failure(run.error());
  std::cout << (flags.output.json ? json_of(*run) + "\n" : run_details(*run));
  return kSuccess;
}

Result<std::vector<Run>> find_runs(tracking::Store& store, const std::vector<std::string>& names) {
  std::vector<Run> runs;
  for (const std::string& name : names) {
    auto run = find_run(store, name);
    if (!run) return std::move(run).error();
    runs.push_back(std::move(*run));
  }
  return runs;
}

int run_compare(const RunFlags& flags) {
  auto client = open_tracking(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  auto runs = find_runs(*client->store, flags.runs);
  if (!runs) return failure(runs.error());
  const auto comparison = compare_runs(*client->store, std::move(*runs), flags.metrics);
  if (!comparison) return failure(comparison.error());
  if (flags.output.json || flags.output.csv) {
    print(comparison_listing(*comparison), flags.output);
  } else {
    const auto columns = terminal_columns(STDOUT_FILENO).value_or(kColumnsWithoutTerminal);
    std::cout << comparison_text(*comparison, columns);
  }
  return kSuccess;
}

// What is done to each of the named runs, and the word that says so afterwards.
struct Change {
  const char* done;
  Result<void> (*make)(tracking::RunStore&, const Run&, const RunFlags&);
};

int run_change(const RunFlags& flags, const Change& change) {
  auto client = open_tracking(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  const auto runs = find_runs(*client->store, flags.runs);
  if (!runs) return failure(runs.error());
  for (const Run& run : *runs) {
    const auto made = change.make(client->store->runs(), run, flags);
    if (!made) return failure(made.error());
    std::cout << change.done << " run " << run.info.id.str() << " (" << run.info.name << ")\n";
  }
  return kSuccess;
}

Result<void> remove(tracking::RunStore& store, const Run& run, const RunFlags& /*flags*/) {
  return store.remove(run.info.id);
}

Result<void> restore(tracking::RunStore& store, const Run& run, const RunFlags& /*flags*/) {
  return store.restore(run.info.id);
}

Result<void> end(tracking::RunStore& store, const Run& run, const RunFlags& flags) {
  tracking::RunUpdate update;
  update.status = tracking::run_status_from(flags.status);
  update.end_time_ms = unix_milliseconds();
  const auto updated = store.update(run.info.id, update);
  if (!updated) return updated.error();
  return {};
}

Flags add_command(CLI::App& parent, const char* name, const char* description) {
  CLI::App* command = parent.add_subcommand(name, description);
  auto flags = std::make_shared<RunFlags>();
  add_tracking_option(*command, flags->tracking);
  return flags;
}

void add_search_commands(CLI::App& parent, int& status) {
  for (const char* name : {"list", "search"}) {
    const bool searches = std::string_view(name) == "search";
    const Flags flags = add_command(parent, name, searches ? "Find runs" : "List runs");
    CLI::App* command = parent.get_subcommand(name);
    add_experiment_options(*command, flags->experiment);
    if (searches) {
      command->add_option("--filter", flags->query.filter, "e.g. \"metrics.loss < 1\"")
          ->type_name("EXPRESSION");
    }
    add_paging_options(*command, flags->query.order_by, flags->query.max_results);
    add_view_option(*command, flags->view);
    command->add_option("--columns", flags->columns, "e.g. metrics.loss,params.r,tags.team")
        ->type_name("KEYS")
        ->delimiter(',');
    add_output_options(*command, flags->output);
    command->callback([flags, &status] { status = run_search(*flags); });
  }
}

void add_get_command(CLI::App& parent, int& status) {
  const Flags flags = add_command(parent, "get", "Show one run");
  CLI::App* command = parent.get_subcommand("get");
  command->add_option("run", flags->runs, "Its id")->required()->expected(1);
  add_json_option(*command, flags->output);
  command->callback([flags, &status] { status = run_get(*flags); });
}

void add_compare_command(CLI::App& parent, int& status) {
  const Flags flags = add_command(parent, "compare", "Show runs side by side, with their curves");
  CLI::App* command = parent.get_subcommand("compare");
  command->add_option("run", flags->runs, "Two runs or more")->required()->expected(2, 10);
  command->add_option("--metric", flags->metrics, "Only this metric; may be given again")
      ->type_name("KEY")
      ->allow_extra_args(false);
  add_output_options(*command, flags->output);
  command->callback([flags, &status] { status = run_compare(*flags); });
}

void add_change_command(CLI::App& parent, const char* name, const char* description,
                        const Change& change, int& status) {
  const Flags flags = add_command(parent, name, description);
  CLI::App* command = parent.get_subcommand(name);
  command->add_option("run", flags->runs, "One run or more")->required();
  if (change.make == end) {
    command->add_option("--status", flags->status, "FINISHED (default), FAILED, KILLED")
        ->type_name("STATUS")
        ->check(CLI::IsMember({"FINISHED", "FAILED", "KILLED"}, CLI::ignore_case));
  }
  command->callback([flags, change, &status] { status = run_change(*flags, change); });
}

}  // namespace

void add_runs_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("runs", "Runs of MLflow experiments");
  command->footer(kExamples);
  command->require_subcommand(1);
  add_search_commands(*command, status);
  add_get_command(*command, status);
  add_compare_command(*command, status);
  add_change_command(*command, "delete", "Move runs to the trash", {"deleted", remove}, status);
  add_change_command(*command, "restore", "Take runs out of the trash", {"restored", restore},
                     status);
  add_change_command(*command, "end", "End runs that nobody ended", {"ended", end}, status);
  add_run_transfer_commands(*command, status);
  add_run_journal_commands(*command, status);
}

}  // namespace liquid::cli
