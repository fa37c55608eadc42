#include "tracking/models/log_model.h"

#include <algorithm>
#include <utility>

#include "formats/mlmodel.h"
#include "tracking/models/folder_content.h"

namespace liquid::tracking {
namespace {

/// What every step of logging one model needs.
struct Job {
  const ModelHome& home;
  const Run& run;
  const ModelToLog& model;
  FolderContent& content;
  const TransferProgress& progress;
};

Result<void> check_name(const std::string& name) {
  constexpr std::string_view kRefused = "/:.%\"'";
  if (!name.empty() && name.find_first_of(kRefused) == std::string::npos) return {};
  return Error{
      ErrorCode::invalid_argument,
      "'" + name + "' cannot name a model: it must not be empty nor hold any of / : . % \" '"};
}

/// Who and what made the run made the model as well, unless the caller says otherwise.
std::vector<Tag> tags_of(const ModelToLog& model, const Run& run) {
  std::vector<Tag> tags = model.tags;
  for (const Tag& tag : run.tags) {
    const bool is_origin = tag.key == "mlflow.user" || tag.key.starts_with("mlflow.source.");
    const bool is_given = std::any_of(tags.begin(), tags.end(),
                                      [&](const Tag& given) { return given.key == tag.key; });
    if (is_origin && !is_given) tags.push_back(tag);
  }
  return tags;
}

/// With what the run was made the model was made as well.
std::vector<Param> params_of(const ModelToLog& model, const Run& run) {
  std::vector<Param> params = model.params;
  for (const Param& param : run.params) {
    const bool is_given = std::any_of(model.params.begin(), model.params.end(),
                                      [&](const Param& given) { return given.key == param.key; });
    if (!is_given) params.push_back(param);
  }
  return params;
}

/// The points of one key at that step. The latest one is known already and is usually the one.
Result<void> add_points_at(const Job& job, const Metric& latest, std::vector<Metric>& points) {
  if (latest.step < job.model.step) return {};
  if (latest.step == job.model.step) {
    points.push_back(latest);
    return {};
  }
  HistoryQuery query{
      .run_id = job.model.run_id, .key = latest.key, .max_results = 25'000, .page_token = ""};
  do {
    Result<Page<Metric>> page = job.home.store.runs().metric_history(query);
    if (!page) return std::move(page).error();
    std::copy_if(page->items.begin(), page->items.end(), std::back_inserter(points),
                 [&](const Metric& point) { return point.step == job.model.step; });
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return {};
}

Result<void> link_metrics(const Job& job, const ModelId& id) {
  std::vector<Metric> points;
  for (const Metric& latest : job.run.metrics) {
    if (Result<void> added = add_points_at(job, latest, points); !added) return added;
  }
  if (points.empty()) return {};
  for (Metric& point : points) point.model_id = id;
  return job.home.store.runs().log_batch(job.model.run_id,
                                         {.metrics = std::move(points), .params = {}, .tags = {}});
}

Result<void> upload_below(const Job& job, const std::string& artifact_uri,
                          const std::string& prefix) {
  auto artifacts = open_artifacts(artifact_uri, job.home.settings);
  if (!artifacts) return std::move(artifacts).error();
  return upload_content(**artifacts, job.content, prefix, job.progress);
}

Result<void> upload_logged(const Job& job, const LoggedModel& entity) {
  job.content.model.artifact_path = entity.artifact_uri;
  job.content.model.run_id = job.model.run_id.str();
  job.content.model.model_id = entity.id.str();
  job.content.model.model_uuid = entity.id.str();
  return upload_below(job, entity.artifact_uri, "");
}

/// The entity exists and waits for its files.
Result<LoggedFolder> fill_entity(const Job& job, const LoggedModel& entity) {
  Store& store = job.home.store;
  Result<void> step = store.runs().log_outputs(job.model.run_id, {{entity.id, job.model.step}});
  if (step) step = link_metrics(job, entity.id);
  if (step) step = upload_logged(job, entity);
  if (!step) {
    // The reason counts; that the mark could not be set either would add nothing to it.
    (void)store.logged_models().finalize(entity.id, LoggedModelStatus::upload_failed);
    return std::move(step).error().with_context("model '" + job.model.name + "' (" +
                                                entity.id.str() + ") was not uploaded");
  }
  Result<LoggedModel> ready = store.logged_models().finalize(entity.id, LoggedModelStatus::ready);
  if (!ready) return std::move(ready).error();
  return LoggedFolder{.uri = model_uri_text(ModelUri{entity.id}),
                      .model_id = entity.id,
                      .artifact_uri = entity.artifact_uri,
                      .version = std::nullopt};
}

/// Servers before MLflow 3: files below the run's artifacts, the record in a tag of the run.
Result<LoggedFolder> log_into_run(const Job& job) {
  const ModelToLog& model = job.model;
  job.content.model.artifact_path = model.name;
  job.content.model.run_id = model.run_id.str();
  job.content.model.model_id.clear();
  const std::string& root = job.run.info.artifact_uri;
  if (Result<void> sent = upload_below(job, root, model.name + "/"); !sent) {
    return std::move(sent).error().with_context("model '" + model.name + "' was not uploaded");
  }
  Result<void> recorded =
      job.home.store.runs().record_model(model.run_id, formats::mlmodel_as_json(job.content.model));
  if (!recorded) return std::move(recorded).error();
  return LoggedFolder{.uri = model_uri_text(ModelUri{RunArtifact{model.run_id, model.name}}),
                      .model_id = {},
                      .artifact_uri = below(root, model.name),
                      .version = std::nullopt};
}

Result<LoggedFolder> register_logged(const Job& job, LoggedFolder logged) {
  if (job.model.register_as.empty()) return logged;
  Result<ModelVersion> version = register_model(job.home, {.model_uri = logged.uri,
                                                           .name = job.model.register_as,
                                                           .description = "",
                                                           .tags = {},
                                                           .aliases = job.model.aliases});
  if (!version) {
    return std::move(version).error().with_context("the model was logged as " + logged.uri +
                                                   ", but not registered");
  }
  logged.version = *std::move(version);
  return logged;
}

}  // namespace

Result<LoggedFolder> log_model(const ModelHome& home, const std::filesystem::path& folder,
                               const ModelToLog& model, const TransferProgress& progress) {
  if (Result<void> named = check_name(model.name); !named) return std::move(named).error();
  Result<FolderContent> content = read_content(folder);
  if (!content) return std::move(content).error();
  Result<Run> run = home.store.runs().get(model.run_id);
  if (!run) return std::move(run).error();
  Result<LoggedModel> entity =
      home.store.logged_models().create({.experiment_id = run->info.experiment_id,
                                         .name = model.name,
                                         .source_run_id = model.run_id,
                                         .model_type = model.model_type,
                                         .params = params_of(model, *run),
                                         .tags = tags_of(model, *run)});
  if (!entity && entity.error().code != ErrorCode::unsupported) return std::move(entity).error();
  const Job job{home, *run, model, *content, progress};
  Result<LoggedFolder> logged = entity ? fill_entity(job, *entity) : log_into_run(job);
  if (!logged) return logged;
  return register_logged(job, *std::move(logged));
}

}  // namespace liquid::tracking
