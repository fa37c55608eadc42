#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/listing.h"
#include "cli/tag_flags.h"
#include "cli/tracking_client.h"
#include "cli/tracking_json.h"
#include "cli/tracking_views.h"
#include "tracking/names.h"

// liquid experiments list|search|create|get|rename|delete|restore|archive

namespace liquid::cli {
namespace {

using tracking::Experiment;
using tracking::ExperimentId;

struct ExperimentFlags {
  TrackingFlags tracking;
  OutputFlags output;
  std::string id;
  std::string name;
  std::string new_name;
  std::string artifact_location;
  std::vector<std::string> tags;
  std::string view = "active";
  tracking::ExperimentQuery query;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  liquid experiments list\n"
    "  liquid experiments create --name finetune --tag team=search\n"
    "  liquid experiments search --filter \"name LIKE 'fine%'\" --json\n"
    "  liquid experiments delete finetune\n"
    "\n"
    "An experiment is named by its id or its name. Deleted ones stay in the trash\n"
    "until `mlflow gc`; `archive` also gives the name free.\n";

// By id when the text is one, otherwise by name. Names of digits only are found by their id first,
// as an id can not be told from them.
Result<Experiment> find(TrackingClient& client, const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (digits) {
    auto by_id = client.store->experiments().get(ExperimentId(text));
    if (by_id || by_id.error().code != ErrorCode::not_found) return by_id;
  }
  return chosen_experiment(client, {.id = {}, .name = text});
}

Listing listing_of(const std::vector<Experiment>& experiments) {
  Listing listing;
  listing.head = {{"ID"}, {"NAME"}, {"CREATED"}, {"STAGE"}, {"ARTIFACTS"}};
  for (const Experiment& each : experiments) {
    listing.rows.push_back({each.id.str(), each.name, readable_time(each.creation_time_ms),
                            std::string(tracking::lifecycle_stage_name(each.stage)),
                            each.artifact_location});
  }
  listing.json = json_list("experiments", experiments);
  listing.empty = "no experiments";
  return listing;
}

int run_search(const ExperimentFlags& flags) {
  auto client = open_tracking(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  tracking::ExperimentQuery query = flags.query;
  query.view = view_type_of(flags.view);
  const auto found = all_pages<Experiment>(
      query, [&](const auto& next) { return client->store->experiments().search(next); });
  if (!found) return failure(found.error());
  print(listing_of(*found), flags.output);
  return kSuccess;
}

int print_one(const Experiment& experiment, const OutputFlags& output) {
  if (output.json) {
    std::cout << json_of(experiment) << "\n";
    return kSuccess;
  }
  Facts facts;
  facts.add("id", experiment.id.str()).add("name", experiment.name);
  facts.add("stage", tracking::lifecycle_stage_name(experiment.stage));
  facts.add("created", readable_time(experiment.creation_time_ms));
  facts.add("updated", readable_time(experiment.last_update_time_ms));
  facts.add("artifacts", experiment.artifact_location);
  for (const tracking::Tag& tag : experiment.tags) facts.add("tag " + tag.key, tag.value);
  std::cout << facts.text();
  return kSuccess;
}

int run_get(const ExperimentFlags& flags) {
  auto client = open_tracking(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  const auto experiment = find(*client, flags.name);
  if (!experiment) return failure(experiment.error());
  return print_one(*experiment, flags.output);
}

int run_create(const ExperimentFlags& flags) {
  const auto tags = parse_tags(flags.tags);
  if (!tags) return bad_usage(tags.error());
  auto client = open_tracking(flags.tracking, MissingFile::create);
  if (!client) return failure(client.error());
  const auto id = client->store->experiments().create({flags.name, flags.artifact_location, *tags});
  if (!id) return failure(id.error());
  if (flags.output.json) {
    api::JsonWriter json;
    json.begin_object().key("experiment_id").string(id->str()).end_object();
    std::cout << std::move(json).take() << "\n";
  } else {
    std::cout << "created experiment '" << flags.name << "' with id " << id->str() << "\n";
  }
  return kSuccess;
}

// What is done to one experiment, and the word that says so afterwards.
struct Change {
  const char* done;
  Result<void> (*make)(tracking::ExperimentStore&, const Experiment&, const ExperimentFlags&);
};

int run_change(const ExperimentFlags& flags, const Change& change) {
  auto client = open_tracking(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  const auto experiment = find(*client, flags.name);
  if (!experiment) return failure(experiment.error());
  const auto made = change.make(client->store->experiments(), *experiment, flags);
  if (!made) return failure(made.error());
  std::cout << change.done << " experiment '" << experiment->name << "' (id "
            << experiment->id.str() << ")\n";
  return kSuccess;
}

Result<void> rename(tracking::ExperimentStore& store, const Experiment& experiment,
                    const ExperimentFlags& flags) {
  return store.rename(experiment.id, flags.new_name);
}

Result<void> remove(tracking::ExperimentStore& store, const Experiment& experiment,
                    const ExperimentFlags& /*flags*/) {
  return store.remove(experiment.id);
}

Result<void> restore(tracking::ExperimentStore& store, const Experiment& experiment,
                     const ExperimentFlags& /*flags*/) {
  return store.restore(experiment.id);
}

// A name is taken even by a deleted experiment, so it gets another one first.
Result<void> archive(tracking::ExperimentStore& store, const Experiment& experiment,
                     const ExperimentFlags& /*flags*/) {
  const std::int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  const std::string name = experiment.name + " (archived " + readable_time(now) + ")";
  auto renamed = store.rename(experiment.id, name);
  if (!renamed) return renamed;
  return store.remove(experiment.id);
}

using Flags = std::shared_ptr<ExperimentFlags>;

Flags add_command(CLI::App& parent, const char* name, const char* description) {
  CLI::App* command = parent.add_subcommand(name, description);
  auto flags = std::make_shared<ExperimentFlags>();
  add_tracking_option(*command, flags->tracking);
  return flags;
}

void add_search_commands(CLI::App& parent, int& status) {
  for (const char* name : {"list", "search"}) {
    const bool searches = std::string_view(name) == "search";
    const Flags flags =
        add_command(parent, name, searches ? "Find experiments" : "List the experiments");
    CLI::App* command = parent.get_subcommand(name);
    if (searches) {
      command->add_option("--filter", flags->query.filter, "e.g. \"tags.team = 'search'\"")
          ->type_name("EXPRESSION");
    }
    add_paging_options(*command, flags->query.order_by, flags->query.max_results);
    add_view_option(*command, flags->view);
    add_output_options(*command, flags->output);
    command->callback([flags, &status] { status = run_search(*flags); });
  }
}

void add_create_command(CLI::App& parent, int& status) {
  const Flags flags = add_command(parent, "create", "Make an experiment");
  CLI::App* command = parent.get_subcommand("create");
  command->add_option("--name,--experiment-name,name", flags->name, "Its name")
      ->type_name("NAME")
      ->required();
  command
      ->add_option("--artifact-location", flags->artifact_location,
                   "Where its files go (default: below the store's root)")
      ->type_name("URI");
  add_tag_option(*command, flags->tags);
  add_json_option(*command, flags->output);
  command->callback([flags, &status] { status = run_create(*flags); });
}

void add_get_command(CLI::App& parent, int& status) {
  const Flags flags = add_command(parent, "get", "Show one experiment");
  CLI::App* command = parent.get_subcommand("get");
  command->add_option("experiment", flags->name, "Its id or name")->required();
  add_json_option(*command, flags->output);
  command->callback([flags, &status] { status = run_get(*flags); });
}

void add_change_command(CLI::App& parent, const char* name, const char* description,
                        const Change& change, int& status) {
  const Flags flags = add_command(parent, name, description);
  CLI::App* command = parent.get_subcommand(name);
  command->add_option("experiment", flags->name, "Its id or name")->required();
  if (change.make == rename) {
    command->add_option("new-name,--new-name", flags->new_name, "What it is called from now on")
        ->required();
  }
  command->callback([flags, change, &status] { status = run_change(*flags, change); });
}

}  // namespace

void add_experiments_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("experiments", "Experiments of MLflow");
  command->footer(kExamples);
  command->require_subcommand(1);
  add_search_commands(*command, status);
  add_create_command(*command, status);
  add_get_command(*command, status);
  add_change_command(*command, "rename", "Give it another name", {"renamed", rename}, status);
  add_change_command(*command, "delete", "Move it to the trash, with its runs", {"deleted", remove},
                     status);
  add_change_command(*command, "restore", "Take it out of the trash", {"restored", restore},
                     status);
  add_change_command(*command, "archive", "Move it to the trash and free its name",
                     {"archived", archive}, status);
}

}  // namespace liquid::cli
