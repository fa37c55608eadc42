#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/listing.h"
#include "cli/run_choice.h"
#include "cli/tracking_client.h"
#include "cli/tracking_json.h"
#include "cli/transfer_view.h"
#include "tracking/artifacts/artifact_store.h"
#include "tracking/models/model_uri.h"

// liquid artifacts list|download|upload

namespace liquid::cli {
namespace {

struct ArtifactFlags {
  TrackingFlags tracking;
  OutputFlags output;
  std::string place;
  std::string path;
  std::string folder = ".";
  std::vector<std::string> files;
  bool recursive = false;
};
using Flags = std::shared_ptr<ArtifactFlags>;

constexpr const char* kExamples =
    "Examples:\n"
    "  liquid artifacts list 3f2a --recursive\n"
    "  liquid artifacts list models:/assistant@champion\n"
    "  liquid artifacts download runs:/3f2a…/checkpoints --to out\n"
    "  liquid artifacts upload 3f2a results/ notes.md --path reports\n"
    "\n"
    "Where: a run's id or the beginning of it, runs:/RUN/PATH, models:/NAME/VERSION,\n"
    "models:/NAME@ALIAS, models:/m-…, or the URI of a folder (file:, s3:, http:,\n"
    "mlflow-artifacts:).\n";

struct Place {
  std::unique_ptr<tracking::ArtifactStore> store;
  std::string path;  ///< Below the store's root.
};

bool names_model_or_run(std::string_view text) {
  return text.starts_with("runs:/") || text.starts_with("models:/");
}

bool names_a_folder(std::string_view text) {
  return text.find(':') != std::string_view::npos || text.find('/') != std::string_view::npos;
}

// The artifact URI and the path below it that `text` leads to.
Result<std::pair<std::string, std::string>> locate(TrackingClient& client,
                                                   const std::string& text) {
  if (names_model_or_run(text)) {
    const auto uri = tracking::parse_model_uri(text);
    if (!uri) return uri.error();
    auto location = tracking::locate(*uri, *client.store);
    if (!location) return std::move(location).error();
    return std::pair(location->artifact_uri, location->path);
  }
  auto run = find_run(*client.store, text);
  if (!run) return std::move(run).error();
  return std::pair(run->info.artifact_uri, std::string());
}

std::string joined(const std::string& folder, const std::string& path) {
  return folder.empty() || path.empty() ? folder + path : folder + "/" + path;
}

Result<Place> open_place(const ArtifactFlags& flags) {
  auto settings = tracking_settings(flags.tracking);
  if (!settings) return std::move(settings).error();
  std::pair<std::string, std::string> where(flags.place, "");
  if (names_model_or_run(flags.place) || !names_a_folder(flags.place)) {
    auto client = open_tracking(flags.tracking, MissingFile::refuse);
    if (!client) return std::move(client).error();
    auto found = locate(*client, flags.place);
    if (!found) return std::move(found).error();
    where = std::move(*found);
  }
  auto store = tracking::open_artifacts(where.first, *settings);
  if (!store) return std::move(store).error();
  return Place{std::move(*store), joined(where.second, flags.path)};
}

Result<void> add_listed(tracking::ArtifactStore& store, const std::string& path, bool recursive,
                        std::vector<tracking::FileInfo>& all) {
  const auto entries = store.list(path);
  if (!entries) return entries.error();
  for (const tracking::FileInfo& entry : *entries) {
    all.push_back(entry);
    if (!recursive || !entry.is_folder) continue;
    auto below = add_listed(store, entry.path, recursive, all);
    if (!below) return below;
  }
  return {};
}

Listing listing_of(const std::vector<tracking::FileInfo>& files) {
  Listing listing;
  listing.head = {{"PATH"}, {"SIZE", Align::right}};
  for (const tracking::FileInfo& file : files) {
    listing.rows.push_back(
        {file.is_folder ? file.path + "/" : file.path,
         file.size ? readable_bytes(static_cast<double>(*file.size)) : std::string()});
  }
  listing.json = json_list("files", files);
  listing.empty = "no artifacts";
  return listing;
}

int run_list(const ArtifactFlags& flags) {
  auto place = open_place(flags);
  if (!place) return failure(place.error());
  std::vector<tracking::FileInfo> files;
  const auto listed = add_listed(*place->store, place->path, flags.recursive, files);
  if (!listed) return failure(listed.error());
  print(listing_of(files), flags.output);
  return kSuccess;
}

int run_download(const ArtifactFlags& flags) {
  auto place = open_place(flags);
  if (!place) return failure(place.error());
  const auto path =
      tracking::download_tree(*place->store, place->path, flags.folder, transfer_progress());
  end_transfer_progress();
  if (!path) return failure(path.error());
  std::cout << path->string() << "\n";
  return kSuccess;
}

// Folders keep their name, as with cp.
std::string target_of(const std::string& file, const std::string& path) {
  std::error_code error;
  const std::filesystem::path plain = std::filesystem::path(file).lexically_normal();
  if (!std::filesystem::is_directory(plain, error)) return path;
  const std::string name = (plain.has_filename() ? plain : plain.parent_path()).filename().string();
  return name == "." || name == ".." ? path : joined(path, name);
}

int run_upload(const ArtifactFlags& flags) {
  auto place = open_place(flags);
  if (!place) return failure(place.error());
  std::uint64_t bytes = 0;
  std::size_t count = 0;
  for (const std::string& file : flags.files) {
    const auto uploaded = tracking::upload_tree(*place->store, file, target_of(file, place->path),
                                                transfer_progress());
    end_transfer_progress();
    if (!uploaded) return failure(uploaded.error());
    for (const tracking::UploadedFile& each : *uploaded) {
      std::cout << each.sha256 << "  " << each.path << "\n";
      bytes += each.size;
      ++count;
    }
  }
  std::cerr << count << " files, " << readable_bytes(static_cast<double>(bytes)) << "\n";
  return kSuccess;
}

CLI::App* add_command(CLI::App& parent, const char* name, const char* description,
                      const Flags& flags) {
  CLI::App* command = parent.add_subcommand(name, description);
  add_tracking_option(*command, flags->tracking);
  auto* place = command->add_option("where,--run-id,--artifact-uri", flags->place, "Run or URI");
  place->required();
  command->add_option("--path,--artifact-path", flags->path, "File or folder below it")
      ->type_name("PATH");
  return command;
}

void add_list_command(CLI::App& parent, int& status) {
  const auto flags = std::make_shared<ArtifactFlags>();
  CLI::App* command = add_command(parent, "list", "List files", flags);
  command->add_flag("-r,--recursive", flags->recursive, "With everything below");
  add_output_options(*command, flags->output);
  command->callback([flags, &status] { status = run_list(*flags); });
}

void add_download_command(CLI::App& parent, int& status) {
  const auto flags = std::make_shared<ArtifactFlags>();
  CLI::App* command = add_command(parent, "download", "Fetch a file or folder", flags);
  command->add_option("--to,--dst-path", flags->folder, "Folder to put it into (default .)")
      ->type_name("DIR");
  command->callback([flags, &status] { status = run_download(*flags); });
}

void add_upload_command(CLI::App& parent, int& status) {
  const auto flags = std::make_shared<ArtifactFlags>();
  CLI::App* command = add_command(parent, "upload", "Store files and folders", flags);
  command->add_option("file", flags->files, "Files and folders")->required();
  command->callback([flags, &status] { status = run_upload(*flags); });
}

}  // namespace

void add_artifacts_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("artifacts", "Files of runs and models");
  command->footer(kExamples);
  command->require_subcommand(1);
  add_list_command(*command, status);
  add_download_command(*command, status);
  add_upload_command(*command, status);
}

}  // namespace liquid::cli
