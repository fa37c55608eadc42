#include <algorithm>
#include <fstream>
#include <utility>

#include "base/file.h"
#include "tracking/transfer/export_folder.h"
#include "tracking/transfer/export_format.h"
#include "tracking/transfer/transfer_source.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;
using transfer::ExportFolder;

constexpr std::size_t kPointsAtOnce = 10'000;
constexpr std::uint64_t kMaxRecordBytes = 1U << 30U;

template <typename Entity>
Result<Entity> read_record(const fs::path& file, Result<Entity> (*parse)(std::string_view)) {
  const Result<std::string> text = read_file(file, kMaxRecordBytes);
  if (!text) return text.error();
  Result<Entity> entity = parse(*text);
  if (!entity) {
    return Error{entity.error().code, file.string() + " " + entity.error().message};
  }
  return entity;
}

Result<ArtifactOrigin> open_local(const fs::path& folder) {
  auto store = open_artifacts(fs::absolute(folder).string(), Settings{});
  if (!store) return std::move(store).error();
  return ArtifactOrigin{.store = std::move(*store), .folder = folder};
}

class FolderSource final : public TransferSource {
 public:
  FolderSource(ExportFolder folder, transfer::ExportHead head)
      : folder_(std::move(folder)), head_(std::move(head)), address_(head_.source) {}

  Result<void> load() {
    for (const RunId& id : head_.runs) {
      Result<Run> run = read_record(folder_.run(id) / transfer::kRunFile, transfer::parse_run);
      if (!run) return std::move(run).error();
      run->info.id = id;
      runs_.push_back(std::move(*run));
    }
    for (const ModelId& id : head_.models) {
      auto model = read_record(folder_.model(id) / transfer::kModelFile, transfer::parse_model);
      if (!model) return std::move(model).error();
      model->id = id;
      models_.push_back(std::move(*model));
    }
    return {};
  }

  const std::string& address() const override { return address_; }
  const Experiment& experiment() const override { return head_.experiment; }
  const std::vector<Run>& runs() const override { return runs_; }
  const std::vector<LoggedModel>& models() const override { return models_; }

  Result<void> read_points(const Run& run, const PointSink& sink) override {
    const fs::path file = folder_.run(run.info.id) / transfer::kPointsFile;
    std::ifstream lines(file);
    if (!lines) return Error{ErrorCode::not_found, file.string() + " cannot be opened"};
    std::vector<Metric> points;
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      Result<Metric> point = transfer::parse_point(line);
      if (!point) {
        return Error{point.error().code, file.string() + ": line " + std::to_string(number) + " " +
                                             point.error().message};
      }
      points.push_back(std::move(*point));
      if (points.size() < kPointsAtOnce) continue;
      if (Result<void> taken = sink(std::exchange(points, {})); !taken) return taken;
    }
    if (lines.bad()) return Error{ErrorCode::unavailable, file.string() + " cannot be read"};
    return points.empty() ? Result<void>{} : sink(std::move(points));
  }

  Result<ArtifactOrigin> artifacts(const Run& run) override {
    return open_local(folder_.run(run.info.id) / transfer::kArtifacts);
  }
  Result<ArtifactOrigin> artifacts(const LoggedModel& model) override {
    return open_local(folder_.model(model.id) / transfer::kArtifacts);
  }

  Result<std::vector<ModelVersion>> versions(const Run& run) override {
    std::vector<ModelVersion> found;
    std::copy_if(head_.versions.begin(), head_.versions.end(), std::back_inserter(found),
                 [&](const ModelVersion& version) { return version.run_id == run.info.id; });
    return found;
  }

  Result<RegisteredModel> registered_model(std::string_view name) override {
    for (const RegisteredModel& model : head_.registered_models) {
      if (model.name == name) return model;
    }
    return Error{ErrorCode::not_found,
                 folder_.head().string() + " has no registered model '" + std::string(name) + "'"};
  }

 private:
  ExportFolder folder_;
  transfer::ExportHead head_;
  std::string address_;
  std::vector<Run> runs_;
  std::vector<LoggedModel> models_;
};

}  // namespace

namespace transfer {

Result<ExportHead> read_head_file(const ExportFolder& folder) {
  return read_record(folder.head(), parse_head);
}

}  // namespace transfer

Result<std::unique_ptr<TransferSource>> open_folder_source(const fs::path& folder) {
  const ExportFolder exported(folder);
  std::error_code failure;
  if (!fs::exists(exported.head(), failure)) {
    return Error{ErrorCode::not_found, folder.string() + " holds no complete export: there is no " +
                                           exported.head().filename().string() + " in it"};
  }
  auto head = transfer::read_head_file(exported);
  if (!head) return std::move(head).error();
  auto source = std::make_unique<FolderSource>(exported, std::move(*head));
  if (Result<void> loaded = source->load(); !loaded) return std::move(loaded).error();
  return std::unique_ptr<TransferSource>(std::move(source));
}

}  // namespace liquid::tracking
