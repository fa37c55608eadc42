#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "api/json_writer.h"
#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/listing.h"
#include "cli/tracking_client.h"
#include "tracking/names.h"
#include "tracking/recorder/reaper.h"
#include "tracking/recorder/recovery.h"

// liquid runs recover|reap: what killed processes left behind.

namespace liquid::cli {
namespace {

using tracking::RecoveredJournal;
using tracking::RecoveryOutcome;

struct JournalFlags {
  TrackingFlags tracking;
  OutputFlags output;
  ExperimentChoice experiment;
  std::string journal = ".liquid/journal";
  bool dry_run = false;
};
using Flags = std::shared_ptr<JournalFlags>;

const char* word_of(RecoveryOutcome outcome) {
  switch (outcome) {
    case RecoveryOutcome::delivered: return "delivered";
    case RecoveryOutcome::in_use: return "in use";
    case RecoveryOutcome::waiting: return "waiting";
    case RecoveryOutcome::damaged: return "damaged";
  }
  return "";
}

std::string journals_json(const std::vector<RecoveredJournal>& journals) {
  api::JsonWriter json;
  const auto count = [&json](const char* key, std::uint64_t value) {
    json.key(key).integer(static_cast<std::int64_t>(value));
  };
  json.begin_object().key("journals").begin_array();
  for (const RecoveredJournal& journal : journals) {
    json.begin_object().key("journal_id").string(journal.journal_id);
    json.key("outcome").string(word_of(journal.outcome));
    json.key("run_id").string(journal.run_id.str());
    json.key("status").string(tracking::run_status_name(journal.status));
    count("points", journal.delivered_points);
    count("refused", journal.refused);
    count("thinned", journal.thinned);
    count("dropped", journal.dropped);
    count("lost_artifacts", journal.lost_artifacts);
    json.key("problem").string(journal.problem).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

Listing journals_listing(const std::vector<RecoveredJournal>& journals, const std::string& folder) {
  Listing listing;
  listing.head = {{"JOURNAL"}, {"RUN"}, {"OUTCOME"}, {"POINTS", Align::right}, {"PROBLEM"}};
  for (const RecoveredJournal& journal : journals) {
    listing.rows.push_back({journal.journal_id, journal.run_id.str(), word_of(journal.outcome),
                            std::to_string(journal.delivered_points), journal.problem});
  }
  listing.json = journals_json(journals);
  listing.empty = "nothing to recover in " + folder;
  return listing;
}

// Journals that wait or cannot be read need somebody: the exit status says so.
int status_of(const std::vector<RecoveredJournal>& journals) {
  for (const RecoveredJournal& journal : journals) {
    const bool is_open =
        journal.outcome == RecoveryOutcome::waiting || journal.outcome == RecoveryOutcome::damaged;
    if (is_open) return kFailure;
  }
  return kSuccess;
}

int run_recover(const JournalFlags& flags, const CLI::Option& journal) {
  auto settings = tracking_settings(flags.tracking);
  if (!settings) return failure(settings.error());
  std::error_code error;
  if (journal.count() > 0 && !std::filesystem::is_directory(flags.journal, error)) {
    return failure({ErrorCode::not_found, flags.journal + ": there is no such folder"});
  }
  tracking::RecoveryOptions options;
  options.settings = std::move(*settings);
  const SystemClock clock;
  const auto journals = tracking::recover_journals(flags.journal, options, clock);
  print(journals_listing(journals, flags.journal), flags.output);
  return status_of(journals);
}

std::string reaped_json(const std::vector<tracking::ReapedRun>& runs) {
  api::JsonWriter json;
  json.begin_object().key("runs").begin_array();
  for (const tracking::ReapedRun& run : runs) {
    json.begin_object().key("run_id").string(run.id.str()).key("run_name").string(run.name);
    json.key("host").string(run.host).key("pid").integer(run.pid);
    json.key("last_heartbeat").integer(run.last_heartbeat_ms).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

Listing reaped_listing(const std::vector<tracking::ReapedRun>& runs) {
  Listing listing;
  listing.head = {{"RUN"}, {"NAME"}, {"HOST"}, {"PID", Align::right}, {"LAST HEARTBEAT"}};
  for (const tracking::ReapedRun& run : runs) {
    listing.rows.push_back({run.id.str(), run.name, run.host, std::to_string(run.pid),
                            readable_time(run.last_heartbeat_ms)});
  }
  listing.json = reaped_json(runs);
  listing.empty = "every running run with a heartbeat is alive";
  return listing;
}

Result<tracking::ReapOptions> reap_options(TrackingClient& client, const JournalFlags& flags) {
  tracking::ReapOptions options;
  if (flags.dry_run) options.mode = tracking::ReapOptions::Mode::only_tell;
  if (flags.experiment.id.empty() && flags.experiment.name.empty()) return options;
  const auto experiment = chosen_experiment(client, flags.experiment);
  if (!experiment) return experiment.error();
  options.experiments = {experiment->id};
  return options;
}

int run_reap(const JournalFlags& flags) {
  auto client = open_tracking(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  const auto options = reap_options(*client, flags);
  if (!options) return failure(options.error());
  const auto reaped = tracking::reap_runs(*client->store, *options, *client->clock);
  if (!reaped) return failure(reaped.error());
  print(reaped_listing(*reaped), flags.output);
  return kSuccess;
}

void add_recover_command(CLI::App& runs, int& status) {
  CLI::App* command =
      runs.add_subcommand("recover", "Deliver what killed programs left in their journal");
  const Flags flags = std::make_shared<JournalFlags>();
  const CLI::Option* journal =
      command->add_option("--journal", flags->journal, "Folder (default .liquid/journal)")
          ->type_name("DIR");
  add_output_options(*command, flags->output);
  command->callback([flags, journal, &status] { status = run_recover(*flags, *journal); });
}

void add_reap_command(CLI::App& runs, int& status) {
  CLI::App* command = runs.add_subcommand("reap", "End runs whose process is gone");
  const Flags flags = std::make_shared<JournalFlags>();
  add_tracking_option(*command, flags->tracking);
  add_experiment_options(*command, flags->experiment);
  command->add_flag("--dry-run", flags->dry_run, "Only tell which");
  add_output_options(*command, flags->output);
  command->callback([flags, &status] { status = run_reap(*flags); });
}

}  // namespace

void add_run_journal_commands(CLI::App& runs, int& status) {
  add_recover_command(runs, status);
  add_reap_command(runs, status);
}

}  // namespace liquid::cli
