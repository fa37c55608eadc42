#include "cli/model_log_command.h"

#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/json_writer.h"
#include "cli/exit_status.h"
#include "cli/listing.h"
#include "cli/run_choice.h"
#include "cli/tag_flags.h"
#include "cli/tracking_client.h"
#include "cli/transfer_view.h"
#include "tracking/models/log_model.h"
#include "tracking/models/model_source.h"

// The folder is written as MLflow wants it beside the source, with links instead of copies where
// the file system can, logged, and removed.

namespace liquid::cli {
namespace {

namespace fs = std::filesystem;

struct LogFlags {
  TrackingFlags tracking;
  OutputFlags output;
  std::string run;
  std::string path;
  std::string base;
  std::string tokenizer;
  bool base_outside = false;
  bool pytorch = false;
  std::vector<std::string> tags;
  tracking::ModelToLog model;
};

constexpr const char* kFooter =
    "PATH is a folder of transformers (config.json, safetensors, tokenizer), a LoRA\n"
    "adapter of PEFT, or a folder that has an MLmodel already. Python opens it with\n"
    "mlflow.transformers.load_model or mlflow.pyfunc.load_model.\n"
    "\n"
    "Examples:\n"
    "  liquid models log --run-id 3f2a --path out/merged --register assistant\n"
    "  liquid models log --run-id 3f2a --path out/adapter --base LFM2-350M\n";

// A folder of our own that goes away with the object.
class ScratchFolder {
 public:
  static Result<ScratchFolder> beside(const fs::path& source) {
    std::error_code failed;
    const fs::path whole = fs::absolute(source, failed).lexically_normal();
    const fs::path named = whole.has_filename() ? whole : whole.parent_path();
    for (const fs::path& place : {named.parent_path(), fs::temp_directory_path(failed)}) {
      std::string path = (place / ".liquid-model-XXXXXX").string();
      if (::mkdtemp(path.data()) != nullptr) return ScratchFolder(path);
    }
    return Error{ErrorCode::unavailable, "neither beside " + source.string() +
                                             " nor in the temporary folder a folder can be made"};
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  const fs::path& path() const { return path_; }

 private:
  explicit ScratchFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

Result<void> write_folder(const LogFlags& flags, const fs::path& folder, const Clock& clock) {
  auto model = tracking::model_folder_of(
      {.folder = flags.path,
       .base = flags.base,
       .tokenizer = flags.tokenizer,
       .base_place = flags.base_outside ? tracking::ModelSource::BasePlace::outside
                                        : tracking::ModelSource::BasePlace::inside});
  if (!model) return std::move(model).error();
  model->transfer = tracking::FileTransfer::link;
  if (flags.pytorch) model->pytorch = tracking::PytorchFlavor::loader_script;
  const auto written = tracking::write_model_folder(*model, folder, clock);
  return written ? Result<void>() : written.error();
}

Result<void> check(const LogFlags& flags, const tracking::Settings& settings, bool is_written) {
  const bool writes =
      !flags.base.empty() || !flags.tokenizer.empty() || flags.base_outside || flags.pytorch;
  if (is_written && writes) {
    return Error{ErrorCode::invalid_argument,
                 flags.path +
                     ": has an MLmodel and is logged as it is; --base, --tokenizer, "
                     "--base-outside and --pytorch have no place there"};
  }
  if (!flags.model.aliases.empty() && flags.model.register_as.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "--alias names a registered version: give --register"};
  }
  const std::string& registry = settings.registry_uri;
  if (flags.model.register_as.empty() || registry.empty() || registry == settings.tracking_uri) {
    return {};
  }
  return Error{ErrorCode::unsupported,
               "--register works in the store of the run; the registry is " + registry +
                   " (MLFLOW_REGISTRY_URI)"};
}

std::string logged_json(const tracking::ModelToLog& model, const tracking::LoggedFolder& logged) {
  api::JsonWriter json;
  json.begin_object().key("model_uri").string(logged.uri);
  json.key("model_id").string(logged.model_id.str());
  json.key("run_uri").string("runs:/" + model.run_id.str() + "/" + model.name);
  json.key("artifact_uri").string(logged.artifact_uri);
  json.key("name").string(logged.version ? logged.version->name : "");
  json.key("version").string(logged.version ? logged.version->version : "").end_object();
  return std::move(json).take();
}

void report(const LogFlags& flags, const tracking::ModelToLog& model,
            const tracking::LoggedFolder& logged) {
  if (flags.output.json) {
    std::cout << logged_json(model, logged) << "\n";
    return;
  }
  const std::string run_uri = "runs:/" + model.run_id.str() + "/" + model.name;
  std::cout << "logged " << run_uri << "\n";
  if (logged.uri != run_uri) std::cout << "    as " << logged.uri << "\n";
  if (logged.version) {
    std::cout << "registered models:/" << logged.version->name << "/" << logged.version->version
              << "\n";
  }
}

int run_log(const LogFlags& flags) {
  auto tags = parse_tags(flags.tags);
  if (!tags) return bad_usage(tags.error());
  auto client = open_tracking(flags.tracking, MissingFile::refuse);
  if (!client) return failure(client.error());
  std::error_code ignored;
  if (!fs::is_directory(flags.path, ignored)) {
    return failure({ErrorCode::not_found, flags.path + ": there is no such folder"});
  }
  const bool is_written = fs::is_regular_file(fs::path(flags.path) / "MLmodel", ignored);
  const auto checked = check(flags, client->settings, is_written);
  if (!checked) return bad_usage(checked.error());
  const auto run = find_run(*client->store, flags.run);
  if (!run) return failure(run.error());
  const auto scratch = ScratchFolder::beside(flags.path);
  if (!scratch) return failure(scratch.error());
  const fs::path folder = is_written ? fs::path(flags.path) : scratch->path() / "model";
  if (!is_written) {
    const auto written = write_folder(flags, folder, *client->clock);
    if (!written) return failure(written.error());
  }
  tracking::ModelToLog model = flags.model;
  model.run_id = run->info.id;
  model.tags = std::move(*tags);
  const auto logged =
      tracking::log_model({*client->store, client->settings}, folder, model, transfer_progress());
  end_transfer_progress();
  if (!logged) return failure(logged.error());
  report(flags, model, *logged);
  return kSuccess;
}

void add_folder_options(CLI::App& command, LogFlags& flags) {
  command.add_option("--base", flags.base, "Of an adapter (default: what its configuration names)")
      ->type_name("FOLDER");
  command.add_flag("--base-outside", flags.base_outside,
                   "Leave the base where it is; the model loads only there");
  command
      .add_option("--tokenizer", flags.tokenizer, "Default: beside the model, else beside the base")
      ->type_name("FOLDER");
  command.add_flag("--pytorch", flags.pytorch,
                   "mlflow.pytorch.load_model opens it too, by a script in the folder");
}

void add_registration_options(CLI::App& command, LogFlags& flags) {
  command.add_option("--register", flags.model.register_as, "Make it a version of this model")
      ->type_name("NAME");
  command.add_option("--alias", flags.model.aliases, "Of that version; may be given again")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

}  // namespace

void add_model_log_command(CLI::App& models, int& status) {
  CLI::App* command = models.add_subcommand("log", "Make a folder a model of a run");
  command->footer(kFooter);
  const auto flags = std::make_shared<LogFlags>();
  add_tracking_option(*command, flags->tracking);
  command->add_option("--run-id", flags->run, "The run, or the beginning of its id")
      ->type_name("RUN")
      ->required();
  command->add_option("--path", flags->path, "The folder")->type_name("FOLDER")->required();
  command->add_option("--name", flags->model.name, "runs:/RUN/NAME finds it (default model)")
      ->type_name("NAME");
  add_folder_options(*command, *flags);
  add_registration_options(*command, *flags);
  command->add_option("--step", flags->model.step, "Metrics of this step are the model's too")
      ->type_name("N");
  add_tag_option(*command, flags->tags);
  add_json_option(*command, flags->output);
  command->callback([flags, &status] { status = run_log(*flags); });
}

}  // namespace liquid::cli
