#include <algorithm>
#include <filesystem>
#include <tuple>
#include <utility>

#include "tracking/artifacts/artifact_uri.h"
#include "tracking/sqlite/database_path.h"
#include "tracking/transfer/transfer_source.h"

namespace liquid::tracking {
namespace {

constexpr std::int64_t kRunsAtOnce = 1000;
constexpr std::int64_t kModelsAtOnce = 100;
constexpr std::int64_t kPointsAtOnce = 25'000;

template <typename Entity, typename Query, typename Search>
Result<std::vector<Entity>> all_pages(Query query, Search&& search) {
  std::vector<Entity> all;
  do {
    Result<Page<Entity>> page = search(query);
    if (!page) return std::move(page).error();
    std::move(page->items.begin(), page->items.end(), std::back_inserter(all));
    query.page_token = std::move(page->next_page_token);
  } while (!query.page_token.empty());
  return all;
}

// A relative path means another file in another folder, and nobody's password belongs into a tag.
std::string address_of(const std::string& uri) {
  if (const auto file = sqlite::database_path(uri); uri.starts_with("sqlite:") && file) {
    std::error_code error;
    return "sqlite:///" + std::filesystem::absolute(*file, error).lexically_normal().string();
  }
  const std::size_t scheme = uri.find("://");
  if (scheme == std::string::npos) return uri;
  const std::size_t host = scheme + 3;
  const std::size_t slash = std::min(uri.find('/', host), uri.size());
  const std::size_t at = uri.rfind('@', slash);
  std::string plain =
      at != std::string::npos && at > host ? uri.substr(0, host) + uri.substr(at + 1) : uri;
  while (plain.ends_with('/')) plain.pop_back();
  return plain;
}

Result<std::vector<Run>> chosen_runs(Store& store, const Experiment& experiment,
                                     const std::vector<RunId>& ids) {
  std::vector<Run> runs;
  for (const RunId& id : ids) {
    Result<Run> run = store.runs().get(id);
    if (!run) return std::move(run).error();
    if (run->info.experiment_id != experiment.id) {
      return Error{ErrorCode::invalid_argument,
                   "run " + id.str() + " is of experiment " + run->info.experiment_id.str() +
                       ", not of '" + experiment.name +
                       "': the runs of one transfer must be of one experiment"};
    }
    runs.push_back(std::move(*run));
  }
  return runs;
}

Result<std::vector<Run>> find_runs(Store& store, const Experiment& experiment,
                                   const RunSelection& selection) {
  if (!selection.runs.empty()) return chosen_runs(store, experiment, selection.runs);
  const RunQuery query{.experiment_ids = {experiment.id},
                       .order_by = {"attributes.start_time ASC"},
                       .view = selection.view,
                       .max_results = kRunsAtOnce};
  auto found =
      all_pages<Run>(query, [&store](const RunQuery& next) { return store.runs().search(next); });
  if (!found) return found;
  // What servers find comes without the models that went in and out.
  for (Run& run : *found) {
    Result<Run> whole = store.runs().get(run.info.id);
    if (!whole) return std::move(whole).error();
    run = std::move(*whole);
  }
  return found;
}

bool is_wanted(const LoggedModel& model, const std::vector<Run>& runs, bool whole) {
  if (model.source_run_id.empty()) return whole;
  return std::any_of(runs.begin(), runs.end(),
                     [&](const Run& run) { return run.info.id == model.source_run_id; });
}

Result<std::vector<LoggedModel>> find_models(Store& store, const Experiment& experiment,
                                             const std::vector<Run>& runs, bool whole) {
  const LoggedModelQuery query{.experiment_ids = {experiment.id},
                               .order_by = {{.field = "creation_timestamp", .ascending = true}},
                               .max_results = kModelsAtOnce};
  auto models = all_pages<LoggedModel>(
      query, [&store](const LoggedModelQuery& next) { return store.logged_models().search(next); });
  // Servers before MLflow 3 have none.
  if (!models && models.error().code == ErrorCode::unsupported) return std::vector<LoggedModel>{};
  if (!models) return models;
  std::erase_if(*models, [&](const LoggedModel& model) { return !is_wanted(model, runs, whole); });
  return models;
}

class StoreSource final : public TransferSource {
 public:
  StoreSource(Store& store, const Settings& settings, Experiment experiment)
      : store_(store),
        settings_(settings),
        address_(address_of(settings.tracking_uri)),
        experiment_(std::move(experiment)) {}

  Result<void> find(const RunSelection& selection) {
    Result<std::vector<Run>> runs = find_runs(store_, experiment_, selection);
    if (!runs) return std::move(runs).error();
    runs_ = std::move(*runs);
    auto models = find_models(store_, experiment_, runs_, selection.runs.empty());
    if (!models) return std::move(models).error();
    models_ = std::move(*models);
    return {};
  }

  const std::string& address() const override { return address_; }
  const Experiment& experiment() const override { return experiment_; }
  const std::vector<Run>& runs() const override { return runs_; }
  const std::vector<LoggedModel>& models() const override { return models_; }

  Result<void> read_points(const Run& run, const PointSink& sink) override {
    for (const Metric& latest : run.metrics) {
      HistoryQuery query{
          .run_id = run.info.id, .key = latest.key, .max_results = kPointsAtOnce, .page_token = ""};
      do {
        Result<Page<Metric>> page = store_.runs().metric_history(query);
        if (!page) return std::move(page).error();
        if (Result<void> taken = sink(std::move(page->items)); !taken) return taken;
        query.page_token = std::move(page->next_page_token);
      } while (!query.page_token.empty());
    }
    return {};
  }

  Result<ArtifactOrigin> artifacts(const Run& run) override { return open(run.info.artifact_uri); }
  Result<ArtifactOrigin> artifacts(const LoggedModel& model) override {
    return open(model.artifact_uri);
  }

  Result<std::vector<ModelVersion>> versions(const Run& run) override {
    RegistryQuery query;
    query.filter = "run_id = '" + run.info.id.str() + "'";
    auto found = all_pages<ModelVersion>(
        query, [this](const auto& next) { return store_.model_versions().search(next); });
    if (!found) return found;
    std::sort(found->begin(), found->end(), [](const ModelVersion& a, const ModelVersion& b) {
      return std::tie(a.name, a.creation_time_ms) < std::tie(b.name, b.creation_time_ms);
    });
    return found;
  }

  Result<RegisteredModel> registered_model(std::string_view name) override {
    return store_.registered_models().get(name);
  }

 private:
  Result<ArtifactOrigin> open(const std::string& uri) {
    auto root = artifacts::parse_artifact_uri(uri, settings_.tracking_uri);
    if (!root) return std::move(root).error();
    auto store = open_artifacts(uri, settings_);
    if (!store) return std::move(store).error();
    ArtifactOrigin origin{.store = std::move(*store), .folder = std::nullopt};
    if (const auto* local = std::get_if<artifacts::FolderRoot>(&*root))
      origin.folder = local->folder;
    return origin;
  }

  Store& store_;
  const Settings& settings_;
  std::string address_;
  Experiment experiment_;
  std::vector<Run> runs_;
  std::vector<LoggedModel> models_;
};

}  // namespace

Result<std::unique_ptr<TransferSource>> open_store_source(Store& store, const Settings& settings,
                                                          const Experiment& experiment,
                                                          const RunSelection& selection) {
  auto source = std::make_unique<StoreSource>(store, settings, experiment);
  if (Result<void> found = source->find(selection); !found) return std::move(found).error();
  return std::unique_ptr<TransferSource>(std::move(source));
}

}  // namespace liquid::tracking
