#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/listing.h"
#include "cli/model_log_command.h"
#include "cli/model_views.h"
#include "cli/tag_flags.h"
#include "cli/tracking_client.h"
#include "cli/tracking_json.h"
#include "cli/tracking_views.h"
#include "cli/transfer_view.h"
#include "tracking/models/registry.h"

// liquid models log
// (model_log_command.cpp)|list|register|versions|transition|alias|get|download|describe|tag|delete

namespace liquid::cli {
namespace {

using tracking::ArchiveExisting;
using tracking::ModelVersion;
using tracking::RegisteredModel;

struct ModelFlags {
  TrackingFlags tracking;
  OutputFlags output;
  tracking::RegistryQuery query;
  std::string name;
  std::string version;
  std::string stage;
  std::string alias;
  std::string text;
  std::string uri;
  std::string folder = ".";
  std::vector<std::string> tags;
  std::vector<std::string> aliases;
  bool archive_existing = false;
  bool remove = false;
};
using Flags = std::shared_ptr<ModelFlags>;

constexpr const char* kExamples =
    "Examples:\n"
    "  liquid models register runs:/3f2a…/final_model --name assistant\n"
    "  liquid models transition assistant 3 Production --archive-existing-versions\n"
    "  liquid models alias assistant champion 3\n"
    "  liquid models download models:/assistant@champion --to served\n"
    "  liquid models versions assistant --json\n";

std::string label(const ModelVersion& version) { return version.name + "/" + version.version; }

std::string quoted(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '\'' ? "\\'" : std::string(1, c);
  return "'" + escaped + "'";
}

int run_list(const ModelFlags& flags) {
  auto client = open_registry(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  const auto models = all_pages<RegisteredModel>(flags.query, [&client](const auto& next) {
    return client->store->registered_models().search(next);
  });
  if (!models) return failure(models.error());
  print(models_listing(*models), flags.output);
  return kSuccess;
}

int run_versions(const ModelFlags& flags) {
  auto client = open_registry(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  const auto model = client->store->registered_models().get(flags.name);
  if (!model) return failure(model.error());
  tracking::RegistryQuery query = flags.query;
  query.filter = "name = " + quoted(flags.name);
  if (query.order_by.empty()) query.order_by = {"version_number DESC"};
  auto versions = all_pages<ModelVersion>(
      query, [&client](const auto& next) { return client->store->model_versions().search(next); });
  if (!versions) return failure(versions.error());
  add_aliases(*model, *versions);
  print(versions_listing(*versions), flags.output);
  return kSuccess;
}

int run_get(const ModelFlags& flags) {
  auto client = open_registry(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  if (!flags.uri.starts_with("models:/")) {
    const auto model = client->store->registered_models().get(flags.uri);
    if (!model) return failure(model.error());
    std::cout << (flags.output.json ? json_of(*model) + "\n" : model_details(*model));
    return kSuccess;
  }
  const auto uri = tracking::parse_model_uri(flags.uri);
  if (!uri) return bad_usage(uri.error());
  if (const auto* id = std::get_if<tracking::ModelId>(&*uri)) {
    const auto model = client->store->logged_models().get(*id);
    if (!model) return failure(model.error());
    std::cout << (flags.output.json ? json_of(*model) + "\n" : model_details(*model));
    return kSuccess;
  }
  const auto version = tracking::find_version(*uri, *client->store);
  if (!version) return failure(version.error());
  std::cout << (flags.output.json ? json_of(*version) + "\n" : version_details(*version));
  return kSuccess;
}

int run_register(const ModelFlags& flags) {
  auto tags = parse_tags(flags.tags);
  if (!tags) return bad_usage(tags.error());
  auto client = open_registry(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  tracking::Registration registration;
  registration.model_uri = flags.uri;
  registration.name = flags.name;
  registration.description = flags.text;
  registration.tags = std::move(*tags);
  registration.aliases = flags.aliases;
  const auto version = tracking::register_model({*client->store, client->settings}, registration);
  if (!version) return failure(version.error());
  if (flags.output.json) {
    std::cout << json_of(*version) << "\n";
  } else {
    std::cout << "registered models:/" << label(*version) << " from " << flags.uri << "\n";
  }
  return kSuccess;
}

int run_transition(const ModelFlags& flags) {
  auto client = open_registry(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  const auto archive = flags.archive_existing ? ArchiveExisting::yes : ArchiveExisting::no;
  const auto version =
      tracking::transition_model(*client->store, {flags.name, flags.version}, flags.stage, archive);
  if (!version) return failure(version.error());
  std::cout << "models:/" << label(*version) << " is now in " << stage_text(version->stage) << "\n";
  return kSuccess;
}

int run_alias(const ModelFlags& flags) {
  if (flags.remove == !flags.version.empty()) {
    return bad_usage({ErrorCode::invalid_argument, "give either a version or --delete"});
  }
  auto client = open_registry(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  auto& models = client->store->registered_models();
  const auto done = flags.remove ? models.delete_alias(flags.name, flags.alias)
                                 : models.set_alias(flags.name, {flags.alias, flags.version});
  if (!done) return failure(done.error());
  const std::string uri = "models:/" + flags.name + "@" + flags.alias;
  std::cout << uri << (flags.remove ? " is gone\n" : " is now version " + flags.version + "\n");
  return kSuccess;
}

int run_download(const ModelFlags& flags) {
  auto client = open_registry(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  const auto folder = tracking::download_model({*client->store, client->settings}, flags.uri,
                                               flags.folder, transfer_progress());
  end_transfer_progress();
  if (!folder) return failure(folder.error());
  std::cout << folder->string() << "\n";
  return kSuccess;
}

Result<void> describe(tracking::Store& store, const ModelFlags& flags) {
  if (flags.version.empty()) {
    const auto model = store.registered_models().describe(flags.name, flags.text);
    return model ? Result<void>() : Result<void>(model.error());
  }
  const auto version = store.model_versions().describe({flags.name, flags.version}, flags.text);
  return version ? Result<void>() : Result<void>(version.error());
}

// KEY=VALUE sets, KEY alone takes the tag away.
Result<void> tag(tracking::Store& store, const ModelFlags& flags) {
  const std::size_t equals = flags.text.find('=');
  const std::string key = flags.text.substr(0, equals);
  const tracking::VersionName version{flags.name, flags.version};
  if (equals == std::string::npos) {
    return flags.version.empty() ? store.registered_models().delete_tag(flags.name, key)
                                 : store.model_versions().delete_tag(version, key);
  }
  const tracking::Tag tag{key, flags.text.substr(equals + 1)};
  return flags.version.empty() ? store.registered_models().set_tag(flags.name, tag)
                               : store.model_versions().set_tag(version, tag);
}

Result<void> remove(tracking::Store& store, const ModelFlags& flags) {
  return flags.version.empty() ? store.registered_models().remove(flags.name)
                               : store.model_versions().remove({flags.name, flags.version});
}

using Change = Result<void> (*)(tracking::Store&, const ModelFlags&);

int run_change(const ModelFlags& flags, Change change, const char* done) {
  auto client = open_registry(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  const auto changed = change(*client->store, flags);
  if (!changed) return failure(changed.error());
  std::cout << done << " models:/" << flags.name
            << (flags.version.empty() ? "" : "/" + flags.version) << "\n";
  return kSuccess;
}

CLI::App* add_command(CLI::App& parent, const char* name, const char* description,
                      const Flags& flags) {
  CLI::App* command = parent.add_subcommand(name, description);
  add_tracking_option(*command, flags->tracking);
  add_registry_option(*command, flags->tracking);
  return command;
}

void add_name_option(CLI::App& command, const Flags& flags) {
  command.add_option("model,--name", flags->name, "Name of the registered model")->required();
}

void add_list_commands(CLI::App& parent, int& status) {
  for (const char* name : {"list", "search"}) {
    const auto flags = std::make_shared<ModelFlags>();
    CLI::App* command = add_command(parent, name, "List the registered models", flags);
    command->add_option("--filter", flags->query.filter, "e.g. \"name LIKE 'assist%'\"")
        ->type_name("EXPRESSION");
    add_paging_options(*command, flags->query.order_by, flags->query.max_results);
    add_output_options(*command, flags->output);
    command->callback([flags, &status] { status = run_list(*flags); });
  }
}

void add_versions_command(CLI::App& parent, int& status) {
  const auto flags = std::make_shared<ModelFlags>();
  CLI::App* command = add_command(parent, "versions", "List the versions of a model", flags);
  flags->query.max_results = 1000;
  add_name_option(*command, flags);
  add_paging_options(*command, flags->query.order_by, flags->query.max_results);
  add_output_options(*command, flags->output);
  command->callback([flags, &status] { status = run_versions(*flags); });
}

void add_get_command(CLI::App& parent, int& status) {
  const auto flags = std::make_shared<ModelFlags>();
  CLI::App* command = add_command(parent, "get", "Show a model or a version", flags);
  command->add_option("model", flags->uri, "A name, or models:/NAME/VERSION, …@ALIAS, models:/m-…")
      ->required();
  add_json_option(*command, flags->output);
  command->callback([flags, &status] { status = run_get(*flags); });
}

void add_register_command(CLI::App& parent, int& status) {
  const auto flags = std::make_shared<ModelFlags>();
  CLI::App* command = add_command(parent, "register", "Make a version of what a run made", flags);
  command->add_option("model-uri,--model-uri", flags->uri, "runs:/RUN/PATH or models:/m-…")
      ->required();
  command->add_option("name,--name", flags->name, "Registered model; made if need be")->required();
  command->add_option("--description", flags->text, "Of the version")->type_name("TEXT");
  command->add_option("--alias", flags->aliases, "Points at it; may be given again")
      ->allow_extra_args(false);
  add_tag_option(*command, flags->tags);
  add_json_option(*command, flags->output);
  command->callback([flags, &status] { status = run_register(*flags); });
}

void add_transition_command(CLI::App& parent, int& status) {
  const auto flags = std::make_shared<ModelFlags>();
  CLI::App* command = add_command(parent, "transition", "Move a version to a stage", flags);
  add_name_option(*command, flags);
  command->add_option("version,--version", flags->version, "Its version")->required();
  command->add_option("stage,--stage", flags->stage, "None, Staging, Production or Archived")
      ->required();
  command->add_flag("--archive-existing-versions", flags->archive_existing,
                    "Archive what is in that stage now");
  command->callback([flags, &status] { status = run_transition(*flags); });
}

void add_alias_command(CLI::App& parent, int& status) {
  const auto flags = std::make_shared<ModelFlags>();
  CLI::App* command = add_command(parent, "alias", "Point an alias at a version", flags);
  add_name_option(*command, flags);
  command->add_option("alias,--alias", flags->alias, "e.g. champion")->required();
  command->add_option("version,--version", flags->version, "The version");
  command->add_flag("--delete", flags->remove, "Take the alias away");
  command->callback([flags, &status] { status = run_alias(*flags); });
}

void add_download_command(CLI::App& parent, int& status) {
  const auto flags = std::make_shared<ModelFlags>();
  CLI::App* command = add_command(parent, "download", "Fetch a model's folder", flags);
  command
      ->add_option("model-uri,--model-uri", flags->uri, "models:/NAME/VERSION, runs:/RUN/PATH, …")
      ->required();
  command->add_option("--to,--dst-path", flags->folder, "Folder to put it into (default .)")
      ->type_name("DIR");
  command->callback([flags, &status] { status = run_download(*flags); });
}

struct ChangeCommand {
  const char* name;
  const char* description;
  const char* done;
  Change change;
  const char* text;  ///< What the text option means; null: there is none.
};

void add_change_command(CLI::App& parent, const ChangeCommand& of, int& status) {
  const auto flags = std::make_shared<ModelFlags>();
  CLI::App* command = add_command(parent, of.name, of.description, flags);
  add_name_option(*command, flags);
  command->add_option("--version", flags->version, "Only this version")->type_name("N");
  if (of.text != nullptr) command->add_option("text", flags->text, of.text)->required();
  command->callback([flags, of, &status] { status = run_change(*flags, of.change, of.done); });
}

}  // namespace

void add_models_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("models", "The model registry");
  command->footer(kExamples);
  command->require_subcommand(1);
  add_list_commands(*command, status);
  add_model_log_command(*command, status);
  add_versions_command(*command, status);
  add_get_command(*command, status);
  add_register_command(*command, status);
  add_transition_command(*command, status);
  add_alias_command(*command, status);
  add_download_command(*command, status);
  add_change_command(
      *command, {"describe", "Set the description", "described", describe, "The new text"}, status);
  add_change_command(
      *command, {"tag", "Set a tag or take it away", "tagged", tag, "KEY=VALUE; KEY alone: away"},
      status);
  add_change_command(
      *command,
      {"delete", "Delete a model with all versions, for good", "deleted", remove, nullptr}, status);
}

}  // namespace liquid::cli
