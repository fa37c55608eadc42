#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "tracking/transfer/run_copy.h"

namespace liquid::tracking::transfer {
namespace {

std::string known_run(const StoreJob& job, const RunId& id) {
  const auto known = job.ids.find(id.str());
  return known == job.ids.end() ? std::string() : known->second;
}

Result<std::optional<LoggedModel>> find_copy(StoreJob& job, const std::string& origin) {
  LoggedModelQuery query;
  query.experiment_ids = {job.experiment};
  query.filter = tag_filter(kSourceModel, origin);
  query.max_results = 1;
  Result<Page<LoggedModel>> page = job.target.store.logged_models().search(query);
  if (!page) return std::move(page).error();
  if (page->items.empty()) return std::optional<LoggedModel>{};
  return std::optional<LoggedModel>(std::move(page->items.front()));
}

std::vector<Tag> tags_for(const StoreJob& job, const LoggedModel& model) {
  std::vector<Tag> tags;
  for (const Tag& tag : model.tags) {
    // Which versions a model has, its own registry says.
    if (!is_mark(tag.key) && tag.key != "mlflow.modelVersions") tags.push_back(tag);
  }
  tags.push_back({std::string(kSourceModel), origin_of(model)});
  tags.push_back({std::string(kSourceStore), job.source.address()});
  return tags;
}

Result<LoggedModel> make_copy(StoreJob& job, const LoggedModel& model) {
  NewLoggedModel made;
  made.experiment_id = job.experiment;
  made.name = model.name;
  made.source_run_id = RunId(known_run(job, model.source_run_id));
  made.model_type = model.model_type;
  made.params = model.params;
  made.tags = tags_for(job, model);
  return job.target.store.logged_models().create(made);
}

// Points of a model belong to the runs that measured them; only runs that came along count.
Result<void> copy_points(StoreJob& job, const LoggedModel& model, const ModelId& to) {
  std::map<std::string, std::vector<Metric>> by_run;
  for (const Metric& metric : model.metrics) {
    const std::string run = known_run(job, metric.run_id);
    if (run.empty()) continue;
    Metric copy = metric;
    copy.model_id = to;
    copy.run_id = {};
    by_run[run].push_back(std::move(copy));
  }
  for (auto& [run, points] : by_run) {
    Result<void> sent = job.target.store.runs().log_batch(
        RunId(run), {.metrics = std::move(points), .params = {}, .tags = {}});
    if (!sent) return sent;
  }
  return {};
}

bool is_final(LoggedModelStatus status) {
  return status == LoggedModelStatus::ready || status == LoggedModelStatus::upload_failed;
}

// MLflow names the folder a version's files are in; the copy's files are in the copy's folder.
std::string new_source(StoreJob& job, const ModelVersion& version, const Run& from,
                       const Run& there) {
  const std::string& old_root = from.info.artifact_uri;
  if (!version.model_id.empty()) {
    const auto model = job.ids.find(version.model_id.str());
    if (model != job.ids.end()) return "models:/" + model->second;
  }
  if (!old_root.empty() && version.source.starts_with(old_root)) {
    return there.info.artifact_uri + version.source.substr(old_root.size());
  }
  // From a folder the old root is not known; ids in the path lead the way.
  const std::size_t below = version.source.find("/artifacts/");
  if (below != std::string::npos) {
    return there.info.artifact_uri + version.source.substr(below + sizeof("/artifacts") - 1);
  }
  return translated(version.source, job.ids);
}

std::string mark_of(const ModelVersion& version) {
  std::string known = tag_of(version.tags, kSourceVersion);
  if (!known.empty()) return known;
  return version.name + "/" + version.version + " of " + version.run_id.str();
}

Result<void> require_model(StoreJob& job, const std::string& name) {
  const Result<RegisteredModel> there = job.target.store.registered_models().get(name);
  if (there) return {};
  if (there.error().code != ErrorCode::not_found) return there.error();
  const Result<RegisteredModel> model = job.source.registered_model(name);
  if (!model) return model.error();
  const auto made = job.target.store.registered_models().create(
      {.name = name, .description = model->description, .tags = model->tags});
  if (!made) return made.error();
  return {};
}

Result<std::optional<ModelVersion>> find_version(StoreJob& job, const ModelVersion& version,
                                                 const RunId& run) {
  RegistryQuery query;
  query.filter = "run_id = '" + run.str() + "'";
  const Result<Page<ModelVersion>> page = job.target.store.model_versions().search(query);
  if (!page) return page.error();
  const std::string mark = mark_of(version);
  for (const ModelVersion& each : page->items) {
    if (each.name == version.name && tag_of(each.tags, kSourceVersion) == mark) return {each};
  }
  return std::optional<ModelVersion>{};
}

Result<ModelVersion> make_version(StoreJob& job, const ModelVersion& version, const Run& from,
                                  const Run& there) {
  NewModelVersion made;
  made.name = version.name;
  made.source = new_source(job, version, from, there);
  made.run_id = there.info.id;
  const auto model = job.ids.find(version.model_id.str());
  if (model != job.ids.end()) made.model_id = ModelId(model->second);
  made.description = version.description;
  made.tags = version.tags;
  std::erase_if(made.tags, [](const Tag& tag) { return is_mark(tag.key); });
  made.tags.push_back({std::string(kSourceVersion), mark_of(version)});
  return job.target.store.model_versions().create(made);
}

// Aliases of the target that mean something else stay.
Result<void> copy_aliases(StoreJob& job, const ModelVersion& version, const ModelVersion& there) {
  const Result<RegisteredModel> from = job.source.registered_model(version.name);
  if (!from) return from.error();
  const Result<RegisteredModel> model = job.target.store.registered_models().get(version.name);
  if (!model) return model.error();
  for (const ModelAlias& alias : from->aliases) {
    const bool taken = std::any_of(model->aliases.begin(), model->aliases.end(),
                                   [&](const ModelAlias& a) { return a.alias == alias.alias; });
    if (alias.version != version.version || taken) continue;
    Result<void> set =
        job.target.store.registered_models().set_alias(version.name, {alias.alias, there.version});
    if (!set) return set;
  }
  return {};
}

Result<void> copy_version(StoreJob& job, const ModelVersion& version, const Run& from,
                          const Run& there) {
  if (Result<void> model = require_model(job, version.name); !model) return model;
  Result<std::optional<ModelVersion>> found = find_version(job, version, there.info.id);
  if (!found) return std::move(found).error();
  if (!*found) {
    Result<ModelVersion> made = make_version(job, version, from, there);
    if (!made) return std::move(made).error();
    ++job.summary.versions;
    *found = std::move(*made);
  }
  if ((*found)->stage == Stage::none && version.stage != Stage::none) {
    const auto moved = job.target.store.model_versions().transition(
        {version.name, (*found)->version}, version.stage, ArchiveExisting::no);
    if (!moved) return moved.error();
  }
  return copy_aliases(job, version, **found);
}

struct RunVersion {
  ModelVersion version;
  const Run* run;
};

// Whole numbers as texts.
bool comes_before(const RunVersion& a, const RunVersion& b) {
  const auto rank = [](const ModelVersion& version) {
    return std::make_tuple(std::cref(version.name), version.version.size(),
                           std::cref(version.version));
  };
  return rank(a.version) < rank(b.version);
}

// In the order of their numbers, so that a model that is new at the target counts as it did.
Result<std::vector<RunVersion>> versions_of_all(StoreJob& job) {
  std::vector<RunVersion> all;
  for (const Run& run : job.source.runs()) {
    if (known_run(job, run.info.id).empty()) continue;
    Result<std::vector<ModelVersion>> versions = job.source.versions(run);
    if (!versions) return std::move(versions).error();
    for (ModelVersion& version : *versions) all.push_back({std::move(version), &run});
  }
  std::stable_sort(all.begin(), all.end(), comes_before);
  return all;
}

}  // namespace

Result<void> open_model(StoreJob& job, const LoggedModel& model) {
  const std::string origin = origin_of(model);
  // Its run was left alone, and the model with it.
  if (!model.source_run_id.empty() && known_run(job, model.source_run_id).empty()) return {};
  Result<std::optional<LoggedModel>> copy = find_copy(job, origin);
  if (!copy) return std::move(copy).error();
  if (!*copy) {
    Result<LoggedModel> made = make_copy(job, model);
    if (!made) return std::move(made).error().with_context("model " + model.id.str());
    ++job.summary.models;
    *copy = std::move(*made);
  }
  job.ids[model.id.str()] = (*copy)->id.str();
  job.ids[origin] = (*copy)->id.str();
  return {};
}

Result<void> fill_model(StoreJob& job, const LoggedModel& model) {
  const auto known = job.ids.find(model.id.str());
  if (known == job.ids.end()) return {};
  LoggedModelStore& models = job.target.store.logged_models();
  const Result<LoggedModel> there = models.get(ModelId(known->second));
  if (!there) return there.error();
  Result<void> step = models.set_tags(there->id, tags_for(job, model));
  if (step) step = copy_points(job, model, there->id);
  if (step) step = copy_files(job, job.source.artifacts(model), there->artifact_uri);
  if (!step) return std::move(step).error().with_context("model " + model.id.str());
  // A model without its files is not ready.
  const bool waits = job.options.artifacts == ArtifactTransfer::leave;
  if (waits || !is_final(model.status) || there->status == model.status) return {};
  const Result<LoggedModel> ended = models.finalize(there->id, model.status);
  if (!ended) return Error(ended.error()).with_context("model " + model.id.str());
  return {};
}

Result<void> copy_versions(StoreJob& job) {
  if (job.options.registry == RegistryTransfer::leave) return {};
  Result<std::vector<RunVersion>> versions = versions_of_all(job);
  if (!versions) return std::move(versions).error();
  for (const auto& [version, run] : *versions) {
    const Result<Run> there = job.target.store.runs().get(RunId(known_run(job, run->info.id)));
    if (!there) return there.error();
    Result<void> copied = copy_version(job, version, *run, *there);
    if (!copied) {
      return std::move(copied).error().with_context("version " + version.version + " of model '" +
                                                    version.name + "'");
    }
  }
  return {};
}

}  // namespace liquid::tracking::transfer
