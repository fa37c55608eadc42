#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "tracking/transfer/artifact_copy.h"
#include "tracking/transfer/export_folder.h"
#include "tracking/transfer/marks.h"
#include "tracking/transfer/transfer.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;
using transfer::ExportFolder;
using transfer::ExportHead;

Error io_error(const fs::path& path, const std::error_code& failure) {
  ErrorCode code = ErrorCode::unavailable;
  if (failure == std::errc::permission_denied) code = ErrorCode::permission_denied;
  if (failure == std::errc::no_space_on_device) code = ErrorCode::resource_exhausted;
  return {code, path.string() + ": " + failure.message()};
}

Result<void> make_folders(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) return io_error(folder, failure);
  return {};
}

Result<void> sync(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const std::error_code failure(errno, std::generic_category());
  if (file >= 0) ::close(file);
  if (!synced) return io_error(path, failure);
  return {};
}

// Something of the export that appears whole: new ones grow beside their place, and what a broken
// export left there is gone on with.
struct Piece {
  fs::path place;
  fs::path work;
  bool is_new = false;
};

Piece piece_at(const fs::path& place) {
  std::error_code failure;
  if (fs::exists(place, failure)) return {place, place, false};
  return {place, place.parent_path() / ("." + place.filename().string() + ".partial"), true};
}

Result<void> appear(const Piece& piece) {
  if (!piece.is_new) return {};
  std::error_code failure;
  fs::rename(piece.work, piece.place, failure);
  if (failure) return io_error(piece.place, failure);
  return sync(piece.place.parent_path());
}

class FolderTarget {
 public:
  FolderTarget(TransferSource& source, const fs::path& folder, const TransferOptions& options,
               const TransferObserver& observer)
      : source_(source), folder_(folder), options_(options), observer_(observer) {}

  Result<TransferSummary> copy() {
    if (Result<void> begun = begin(); !begun) return std::move(begun).error();
    for (const LoggedModel& model : source_.models()) {
      if (Result<void> copied = copy_model(model); !copied) {
        return std::move(copied).error().with_context("model " + model.id.str());
      }
    }
    for (const Run& run : source_.runs()) {
      report();
      if (Result<void> copied = copy_run(run); !copied) {
        return std::move(copied).error().with_context("run " + run.info.id.str());
      }
      report();
    }
    if (Result<void> ended = end(); !ended) return std::move(ended).error();
    return std::move(summary_);
  }

 private:
  void report() {
    if (observer_) observer_({summary_.runs.size(), source_.runs().size(), summary_});
  }

  Result<void> begin() {
    head_.source = source_.address();
    head_.experiment = source_.experiment();
    if (!options_.experiment_name.empty()) head_.experiment.name = options_.experiment_name;
    summary_.experiment_name = head_.experiment.name;
    std::error_code failure;
    if (fs::exists(folder_.head(), failure)) return continue_export();
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_.root(), failure)) {
      const std::string name = entry.path().filename().string();
      if (name == "runs" || name == "models") continue;
      return Error{ErrorCode::conflict, folder_.root().string() + " holds other things (" + name +
                                            "): name an empty folder, or an export to go on with"};
    }
    Result<void> made = make_folders(folder_.root() / "runs");
    if (made) made = make_folders(folder_.root() / "models");
    return made;
  }

  Result<void> continue_export() {
    Result<ExportHead> old = transfer::read_head_file(folder_);
    if (!old) return std::move(old).error();
    if (old->experiment.id != head_.experiment.id || old->source != head_.source) {
      return Error{ErrorCode::conflict, folder_.root().string() + " holds experiment '" +
                                            old->experiment.name + "' of " + old->source};
    }
    head_.runs = std::move(old->runs);
    head_.models = std::move(old->models);
    head_.versions = std::move(old->versions);
    head_.registered_models = std::move(old->registered_models);
    return {};
  }

  Result<void> copy_files(Result<ArtifactOrigin> from, const fs::path& to) {
    if (options_.artifacts == ArtifactTransfer::leave) return {};
    if (!from) return std::move(from).error();
    auto target = open_artifacts(fs::absolute(to).string(), Settings{});
    if (!target) return std::move(target).error();
    const transfer::NewIds none;
    return transfer::copy_artifacts({*from, **target, none, [this](std::uint64_t bytes) {
                                       ++summary_.files;
                                       summary_.bytes += bytes;
                                       report();
                                     }});
  }

  Result<void> copy_model(const LoggedModel& model) {
    if (Result<void> plain = transfer::check_file_name(model.id.str()); !plain) return plain;
    const Piece piece = piece_at(folder_.model(model.id));
    Result<void> step = make_folders(piece.work);
    if (step) step = copy_files(source_.artifacts(model), piece.work / transfer::kArtifacts);
    if (step) step = write_file_atomically(piece.work / transfer::kModelFile, write_model(model));
    if (step) step = appear(piece);
    if (!step) return step;
    if (piece.is_new) ++summary_.models;
    if (std::find(head_.models.begin(), head_.models.end(), model.id) == head_.models.end()) {
      head_.models.push_back(model.id);
    }
    return {};
  }

  // Points of a run that goes on may have come without a trace in its record.
  bool is_unchanged(const Run& run, const Piece& piece) const {
    if (piece.is_new || run.info.status == RunStatus::running) return false;
    const Result<std::string> text = read_file(piece.place / transfer::kRunFile);
    return text && *text == transfer::write_run(run);
  }

  Result<void> write_points(const Run& run, const fs::path& file) {
    fs::path aside = file;
    aside += ".partial";
    std::ofstream out(aside, std::ios::binary | std::ios::trunc);
    Result<void> step = source_.read_points(run, [&](const std::vector<Metric>& points) {
      for (const Metric& point : points) out << transfer::write_point(point) << '\n';
      summary_.points += points.size();
      if (out) return Result<void>{};
      return Result<void>{io_error(aside, {errno, std::generic_category()})};
    });
    if (!step) return step;
    out.close();
    if (!out) return io_error(aside, {errno, std::generic_category()});
    if (step = sync(aside); !step) return step;
    std::error_code failure;
    fs::rename(aside, file, failure);
    if (failure) return io_error(file, failure);
    return {};
  }

  Result<void> copy_run(const Run& run) {
    if (Result<void> plain = transfer::check_file_name(run.info.id.str()); !plain) return plain;
    const Piece piece = piece_at(folder_.run(run.info.id));
    const std::uint64_t files_before = summary_.files;
    std::error_code failure;
    const bool was_begun = fs::exists(piece.work, failure);
    const bool unchanged = is_unchanged(run, piece);
    Result<void> step = make_folders(piece.work);
    if (step) step = copy_files(source_.artifacts(run), piece.work / transfer::kArtifacts);
    if (step && !unchanged) step = write_points(run, piece.work / transfer::kPointsFile);
    if (step && !unchanged) {
      step = write_file_atomically(piece.work / transfer::kRunFile, transfer::write_run(run));
    }
    if (step) step = appear(piece);
    if (!step) return step;
    if (std::find(head_.runs.begin(), head_.runs.end(), run.info.id) == head_.runs.end()) {
      head_.runs.push_back(run.info.id);
    }
    TransferOutcome outcome = was_begun ? TransferOutcome::continued : TransferOutcome::copied;
    if (unchanged && summary_.files == files_before) outcome = TransferOutcome::unchanged;
    summary_.runs.push_back({run.info.id, run.info.id, run.info.name, outcome, ""});
    return {};
  }

  Result<void> add_version(const ModelVersion& version) {
    const auto same = [&](const ModelVersion& other) {
      return other.name == version.name && other.version == version.version;
    };
    const bool is_new = std::erase_if(head_.versions, same) == 0;
    if (is_new) ++summary_.versions;
    head_.versions.push_back(version);
    const auto named = [&](const RegisteredModel& model) { return model.name == version.name; };
    std::erase_if(head_.registered_models, named);
    Result<RegisteredModel> model = source_.registered_model(version.name);
    if (!model) return std::move(model).error();
    head_.registered_models.push_back(std::move(*model));
    return {};
  }

  Result<void> add_versions() {
    if (options_.registry == RegistryTransfer::leave) return {};
    for (const Run& run : source_.runs()) {
      const auto versions = source_.versions(run);
      if (!versions) return versions.error();
      for (const ModelVersion& version : *versions) {
        if (Result<void> added = add_version(version); !added) return added;
      }
    }
    return {};
  }

  Result<void> end() {
    if (Result<void> added = add_versions(); !added) return added;
    return write_file_atomically(folder_.head(), transfer::write_head(head_));
  }

  static std::string write_model(const LoggedModel& model) { return transfer::write_model(model); }

  TransferSource& source_;
  ExportFolder folder_;
  const TransferOptions& options_;
  const TransferObserver& observer_;
  ExportHead head_;
  TransferSummary summary_;
};

}  // namespace

Result<TransferSummary> transfer_to_folder(TransferSource& source, const fs::path& folder,
                                           const TransferOptions& options,
                                           const TransferObserver& observer) {
  return FolderTarget(source, folder, options, observer).copy();
}

}  // namespace liquid::tracking
