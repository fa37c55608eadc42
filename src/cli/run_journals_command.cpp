#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "api/json_writer.h"
#include "base/log.h"
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

// How its run has ended; empty while it has not.
std::string status_text(const RecoveredJournal& journal) {
  if (journal.outcome != RecoveryOutcome::delivered) return {};
  return std::string(tracking::run_status_name(journal.status));
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
    json.key("status").string(status_text(journal));
    count("points", journal.delivered_points);
    count("refused", journal.refused);
    count("thinned", journal.thinned);
    count("dropped", journal.dropped);
    count("lost_artifacts", journal.lost_artifacts);
    json.key("problem").string(journal.problem).key("damage").begin_array();
    for (const std::string& damage : journal.damage) json.string(damage);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return std::move(json).take();
}

std::vector<std::string> problems_of(const RecoveredJournal& journal) {
  std::vector<std::string> problems = journal.damage;
  if (!journal.problem.empty()) problems.push_back(journal.problem);
  const auto count = [&problems](std::uint64_t value, const char* what) {
    if (value > 0) problems.push_back(std::to_string(value) + " " + what);
  };
  count(journal.thinned, "points were left out near the journal's bound");
  count(journal.dropped, "points were lost before they reached the journal");
  count(journal.refused, "entries were refused by the store");
  count(journal.lost_artifacts, "artifacts could not be uploaded");
  return problems;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : "; ") + text;
  return joined;
}

Listing journals_listing(const std::vector<RecoveredJournal>& journals, const JournalFlags& flags) {
  Listing listing;
  listing.head = {{"RUN"}, {"OUTCOME"}, {"STATUS"}, {"POINTS", Align::right}, {"JOURNAL"}};
  if (flags.output.csv) listing.head.push_back({"PROBLEM"});
  for (const RecoveredJournal& journal : journals) {
    listing.rows.push_back({journal.run_id.str(), word_of(journal.outcome), status_text(journal),
                            std::to_string(journal.delivered_points), journal.journal_id});
    if (flags.output.csv) listing.rows.back().push_back(joined(problems_of(journal)));
  }
  listing.json = journals_json(journals);
  listing.empty = "nothing to recover in " + flags.journal;
  return listing;
}

// What a journal holds that the store does not take.
std::string waiting_text(const std::string& folder, const std::string& journal_id) {
  for (const tracking::JournalSurvey& survey : tracking::survey_journals(folder)) {
    if (survey.journal_id != journal_id) continue;
    return std::to_string(survey.waiting_points) + " points wait in this journal";
  }
  return {};
}

// A table has no room for them.
void tell_problems(const std::vector<RecoveredJournal>& journals, const std::string& folder) {
  for (const RecoveredJournal& journal : journals) {
    if (journal.outcome == RecoveryOutcome::in_use) continue;
    const std::string path = (std::filesystem::path(folder) / journal.journal_id).string();
    for (const std::string& problem : problems_of(journal)) {
      std::cerr << "liquid: " << path << ": " << problem << "\n";
    }
    if (journal.outcome == RecoveryOutcome::waiting) {
      std::cerr << "liquid: " << path << ": " << waiting_text(folder, journal.journal_id) << "\n";
    }
    if (!journal.damage.empty()) {
      std::cerr << "liquid: damaged files are kept as " << path << ".damaged-…\n";
    }
    if (journal.refused + journal.lost_artifacts > 0) {
      std::cerr << "liquid: they are listed in " << path << ".refused\n";
    }
  }
}

// Journals that wait or cannot be read need somebody: the exit status says so.
int status_of(const std::vector<RecoveredJournal>& journals) {
  for (const RecoveredJournal& journal : journals) {
    const bool is_open =
        journal.outcome == RecoveryOutcome::waiting || journal.outcome == RecoveryOutcome::damaged;
    if (is_open || !journal.damage.empty()) return kFailure;
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
  set_log_level(LogLevel::error);  // what is worth a warning is said below
  const auto journals = tracking::recover_journals(flags.journal, options, clock);
  print(journals_listing(journals, flags), flags.output);
  if (!flags.output.json && !flags.output.csv) tell_problems(journals, flags.journal);
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
  if (!reaped->empty() && !flags.output.json && !flags.output.csv) {
    std::cout << (flags.dry_run ? "nothing was changed\n" : "these runs are KILLED now\n");
  }
  return kSuccess;
}

void add_recover_command(CLI::App& runs, int& status) {
  CLI::App* command =
      runs.add_subcommand("recover", "Deliver what killed programs left in their journal");
  command->footer(
      "Each journal goes to the store it was recorded for. Journals of living programs\n"
      "are left alone. Exit status 1: a journal still waits, or is damaged.\n");
  const Flags flags = std::make_shared<JournalFlags>();
  const CLI::Option* journal =
      command->add_option("--journal", flags->journal, "Folder (default .liquid/journal)")
          ->type_name("DIR");
  add_output_options(*command, flags->output);
  command->callback([flags, journal, &status] { status = run_recover(*flags, *journal); });
}

void add_reap_command(CLI::App& runs, int& status) {
  CLI::App* command = runs.add_subcommand("reap", "End runs whose process is gone");
  command->footer(
      "Runs that are RUNNING end as KILLED, at the time of their last heartbeat, when\n"
      "their process is gone from this machine, or has been silent on another for 20\n"
      "heartbeats. Runs without a heartbeat, which other programs made, are left alone.\n"
      "Journals keep points that are not delivered yet: recover first, then reap.\n");
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
