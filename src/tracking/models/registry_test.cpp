#include "tracking/models/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "base/file.h"
#include "formats/mlmodel.h"
#include "tracking/models/log_model.h"
#include "tracking/models/temporary_folder_test.h"
#include "tracking/sqlite/sqlite_store.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kModelFile =
    "flavors:\n  python_function:\n    loader_module: mlflow.transformers\nmodel_id: null\n";

/// A server before MLflow 3: no logged models.
class OldLoggedModels final : public LoggedModelStore {
 public:
  Result<LoggedModel> create(const NewLoggedModel&) override { return none(); }
  Result<LoggedModel> get(const ModelId&) override { return none(); }
  Result<LoggedModel> finalize(const ModelId&, LoggedModelStatus) override { return none(); }
  Result<void> remove(const ModelId&) override { return none(); }
  Result<Page<LoggedModel>> search(const LoggedModelQuery&) override { return none(); }
  Result<void> log_params(const ModelId&, const std::vector<Param>&) override { return none(); }
  Result<void> set_tags(const ModelId&, const std::vector<Tag>&) override { return none(); }
  Result<void> delete_tag(const ModelId&, std::string_view) override { return none(); }

 private:
  static Error none() { return {ErrorCode::unsupported, "no logged models here"}; }
};

class OldStore final : public Store {
 public:
  explicit OldStore(Store& store) : store_(store) {}
  ExperimentStore& experiments() override { return store_.experiments(); }
  RunStore& runs() override { return store_.runs(); }
  LoggedModelStore& logged_models() override { return old_; }
  RegisteredModelStore& registered_models() override { return store_.registered_models(); }
  ModelVersionStore& model_versions() override { return store_.model_versions(); }

 private:
  Store& store_;
  OldLoggedModels old_;
};

class RegistryTest : public testing::Test {
 protected:
  void SetUp() override {
    settings_.artifact_root = (folder_ / "artifacts").string();
    auto store = open_sqlite_store("sqlite:///" + (folder_ / "m.db").string(), settings_, clock_);
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
    write_text(model_folder() / "MLmodel", kModelFile);
    write_text(model_folder() / "model/weights.bin", "weights");
    write_text(model_folder() / "registered_model_meta", "model_name: old\n");
    run_ = new_run();
  }

  fs::path model_folder() const { return folder_ / "folder"; }
  ModelHome home() { return {*store_, settings_}; }

  RunId new_run() {
    NewRun run;
    run.experiment_id = ExperimentId("0");
    run.tags = {{"mlflow.user", "ada"}, {"mlflow.source.name", "train.cpp"}, {"other", "x"}};
    const Result<tracking::Run> made = store_->runs().create(run);
    EXPECT_TRUE(made) << made.error().message;
    return made ? made->info.id : RunId();
  }

  void log_metric(double value, std::int64_t step) {
    Batch batch;
    batch.metrics.emplace_back();
    batch.metrics[0].key = "loss";
    batch.metrics[0].value = value;
    batch.metrics[0].timestamp_ms = 1000 + step;
    batch.metrics[0].step = step;
    ASSERT_TRUE(store_->runs().log_batch(run_, batch));
  }

  LoggedFolder logged(std::int64_t step = 0, const std::string& register_as = "") {
    ModelToLog model;
    model.run_id = run_;
    model.name = "final";
    model.step = step;
    model.register_as = register_as;
    Result<LoggedFolder> folder = log_model(home(), model_folder(), model, {});
    EXPECT_TRUE(folder) << folder.error().message;
    return folder ? *std::move(folder) : LoggedFolder{};
  }

  ModelVersion registered(const std::string& uri, const std::string& name) {
    Registration registration;
    registration.model_uri = uri;
    registration.name = name;
    Result<ModelVersion> version = register_model(home(), registration);
    EXPECT_TRUE(version) << version.error().message;
    return version ? *std::move(version) : ModelVersion{};
  }

  ModelLocation located(const std::string& uri) {
    Result<ModelLocation> location = locate(parse_model_uri(uri).value(), *store_);
    EXPECT_TRUE(location) << uri << ": " << location.error().message;
    return location ? *std::move(location) : ModelLocation{};
  }

  Error not_located(const std::string& uri) {
    const Result<ModelLocation> location = locate(parse_model_uri(uri).value(), *store_);
    EXPECT_FALSE(location) << uri;
    return location ? Error{} : location.error();
  }

  std::string run_uri(const std::string& path) const { return "runs:/" + run_.str() + "/" + path; }

  TemporaryFolder folder_;
  ManualClock clock_;
  Settings settings_;
  std::unique_ptr<Store> store_;
  RunId run_;
};

TEST_F(RegistryTest, ALoggedModelIsReadyAndBelongsToItsRun) {
  log_metric(0.5, 3);
  const LoggedFolder folder = logged(3);
  const LoggedModel model = store_->logged_models().get(folder.model_id).value();
  EXPECT_EQ(model.status, LoggedModelStatus::ready);
  EXPECT_EQ(model.source_run_id, run_);
  ASSERT_EQ(model.metrics.size(), 1U);
  EXPECT_EQ(model.metrics[0].value, 0.5);
  EXPECT_THAT(model.tags, testing::Contains(Tag{"mlflow.user", "ada"}));
  EXPECT_THAT(model.tags, testing::Not(testing::Contains(Tag{"other", "x"})));
  const tracking::Run run = store_->runs().get(run_).value();
  ASSERT_EQ(run.model_outputs.size(), 1U);
  EXPECT_EQ(run.model_outputs[0].model_id, folder.model_id);
  EXPECT_EQ(run.model_outputs[0].step, 3);
}

TEST_F(RegistryTest, ALoggedModelHasTheParametersOfItsRunAndItsOwn) {
  Batch batch;
  batch.params = {{"rate", "0.1"}, {"seed", "1"}};
  ASSERT_TRUE(store_->runs().log_batch(run_, batch));
  ModelToLog model;
  model.run_id = run_;
  model.params = {{"rank", "4"}, {"seed", "2"}};
  const Result<LoggedFolder> folder = log_model(home(), model_folder(), model, {});
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_THAT(
      store_->logged_models().get(folder->model_id).value().params,
      testing::UnorderedElementsAre(Param{"rank", "4"}, Param{"rate", "0.1"}, Param{"seed", "2"}));
}

TEST_F(RegistryTest, TheUploadedModelFileKnowsItsIds) {
  const LoggedFolder folder = logged();
  const auto text = read_file(fs::path(folder.artifact_uri) / "MLmodel");
  ASSERT_TRUE(text) << text.error().message;
  const formats::MlModel model = formats::parse_mlmodel(*text).value();
  EXPECT_EQ(model.model_id, folder.model_id.str());
  EXPECT_EQ(model.model_uuid, folder.model_id.str());
  EXPECT_EQ(model.run_id, run_.str());
  EXPECT_EQ(model.artifact_path, folder.artifact_uri);
  EXPECT_TRUE(fs::exists(fs::path(folder.artifact_uri) / "model/weights.bin"));
  EXPECT_FALSE(fs::exists(fs::path(folder.artifact_uri) / "registered_model_meta"));
  EXPECT_EQ(read_file(model_folder() / "MLmodel").value(), kModelFile);
}

TEST_F(RegistryTest, OfAnEarlierStepItsPointsAreTaken) {
  for (int step = 0; step < 5; ++step) log_metric(step, step);
  const LoggedModel model = store_->logged_models().get(logged(2).model_id).value();
  ASSERT_EQ(model.metrics.size(), 1U);
  EXPECT_EQ(model.metrics[0].value, 2.0);
}

TEST_F(RegistryTest, AnUploadThatFailsMarksTheModel) {
  write_text(folder_ / "artifacts", "a file where the folder should be");
  ModelToLog model;
  model.run_id = run_;
  model.name = "final";
  const Result<LoggedFolder> folder = log_model(home(), model_folder(), model, {});
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, HasSubstr("was not uploaded"));
  const auto models = store_->logged_models().search({.experiment_ids = {ExperimentId("0")}});
  ASSERT_TRUE(models) << models.error().message;
  ASSERT_EQ(models->items.size(), 1U);
  EXPECT_EQ(models->items[0].status, LoggedModelStatus::upload_failed);
}

TEST_F(RegistryTest, AFolderWithoutModelFileIsRefusedBeforeAnythingIsMade) {
  fs::remove(model_folder() / "MLmodel");
  ModelToLog model;
  model.run_id = run_;
  const Result<LoggedFolder> folder = log_model(home(), model_folder(), model, {});
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::invalid_argument);
  model.name = "a/b";
  EXPECT_EQ(log_model(home(), model_folder(), model, {}).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(
      store_->logged_models().search({.experiment_ids = {ExperimentId("0")}})->items.empty());
}

TEST_F(RegistryTest, AnOldServerGetsFilesAndRecordInTheRun) {
  OldStore old(*store_);
  ModelToLog model;
  model.run_id = run_;
  model.name = "final";
  model.register_as = "demo";
  const ModelHome place{old, settings_};
  const Result<LoggedFolder> folder = log_model(place, model_folder(), model, {});
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(folder->uri, run_uri("final"));
  EXPECT_TRUE(folder->model_id.empty());
  EXPECT_EQ(folder->version->source, folder->artifact_uri);
  EXPECT_TRUE(fs::exists(fs::path(folder->artifact_uri) / "MLmodel"));
  const tracking::Run run = store_->runs().get(run_).value();
  const auto tag = std::find_if(run.tags.begin(), run.tags.end(), [](const Tag& candidate) {
    return candidate.key == "mlflow.log-model.history";
  });
  ASSERT_NE(tag, run.tags.end());
  EXPECT_THAT(tag->value, HasSubstr(R"("artifact_path":"final")"));
}

TEST_F(RegistryTest, ARunsUriLeadsToTheModelOfThatName) {
  const LoggedFolder folder = logged();
  EXPECT_EQ(located(run_uri("final")).artifact_uri, folder.artifact_uri);
  EXPECT_EQ(located(run_uri("final")).path, "");
  EXPECT_EQ(located(run_uri("final/model/weights.bin")).path, "model/weights.bin");
  EXPECT_EQ(located("models:/" + folder.model_id.str()).artifact_uri, folder.artifact_uri);
}

TEST_F(RegistryTest, ARunsUriOfNoModelLeadsToTheRunsArtifacts) {
  const tracking::Run run = store_->runs().get(run_).value();
  const ModelLocation location = located(run_uri("plots/loss.png"));
  EXPECT_EQ(location.artifact_uri, run.info.artifact_uri);
  EXPECT_EQ(location.path, "plots/loss.png");
  EXPECT_EQ(resolve(RunArtifact{run_, "plots"}, *store_).value(), run.info.artifact_uri + "/plots");
}

TEST_F(RegistryTest, OfTwoModelsOfOneNameTheNewestIsLoadedAndTheLastStepRegistered) {
  const LoggedFolder late = logged(9);
  clock_.advance(std::chrono::seconds(1));
  const LoggedFolder early = logged(1);
  EXPECT_EQ(located(run_uri("final")).model_id, early.model_id);
  EXPECT_EQ(registered(run_uri("final"), "demo").source, "models:/" + late.model_id.str());
}

TEST_F(RegistryTest, VersionsStagesLatestAndAliasesLeadToTheirFiles) {
  const LoggedFolder first = logged(0, "demo");
  const LoggedFolder second = logged(1, "demo");
  ASSERT_EQ(second.version->version, "2");
  ASSERT_TRUE(transition_model(*store_, {"demo", "1"}, "production", ArchiveExisting::no));
  ASSERT_TRUE(store_->registered_models().set_alias("demo", {"best", "1"}));
  EXPECT_EQ(located("models:/demo/2").artifact_uri, second.artifact_uri);
  EXPECT_EQ(located("models:/demo/latest").version, "2");
  EXPECT_EQ(located("models:/demo/Production").version, "1");
  EXPECT_EQ(located("models:/demo@best").artifact_uri, first.artifact_uri);
}

TEST_F(RegistryTest, WhatIsMissingIsNamedWithWhatThereIs) {
  logged(0, "demo");
  EXPECT_EQ(not_located("models:/demo/Staging").code, ErrorCode::not_found);
  EXPECT_THAT(not_located("models:/demo/Staging").message, HasSubstr("it has 1 (None)"));
  EXPECT_THAT(not_located("models:/demo@best").message, HasSubstr("no alias 'best'"));
  EXPECT_EQ(not_located("models:/nobody/Staging").code, ErrorCode::not_found);
  EXPECT_EQ(not_located("models:/demo/7").code, ErrorCode::not_found);
  EXPECT_EQ(not_located("models:/m-0").code, ErrorCode::not_found);
}

TEST_F(RegistryTest, AnUnknownStageListsTheStages) {
  const Result<ModelVersion> version =
      transition_model(*store_, {"demo", "1"}, "Prod", ArchiveExisting::no);
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(version.error().message, HasSubstr("None, Staging, Production, Archived"));
}

TEST_F(RegistryTest, ALoggedModelRemembersItsVersions) {
  const LoggedFolder folder = logged(0, "demo");
  registered(folder.uri, "other");
  const LoggedModel model = store_->logged_models().get(folder.model_id).value();
  const auto tag = std::find_if(model.tags.begin(), model.tags.end(), [](const Tag& candidate) {
    return candidate.key == "mlflow.modelVersions";
  });
  ASSERT_NE(tag, model.tags.end());
  const auto versions = formats::parse_yaml(tag->value);
  EXPECT_EQ(versions.value(), formats::parse_yaml("[{name: demo, version: 1}, "
                                                  "{name: other, version: 1}]")
                                  .value());
}

TEST_F(RegistryTest, AVersionCanBePromotedToAnotherName) {
  const LoggedFolder folder = logged(0, "staging-name");
  const ModelVersion version = registered("models:/staging-name/1", "production-name");
  EXPECT_EQ(version.source, "models:/staging-name/1");
  EXPECT_EQ(version.run_id, run_);
  EXPECT_EQ(located("models:/production-name/1").artifact_uri, folder.artifact_uri);
}

TEST_F(RegistryTest, AMistakenSourceLeavesNoEmptyModelBehind) {
  logged();
  Registration registration;
  registration.model_uri = run_uri("fnal");
  registration.name = "demo";
  const Result<ModelVersion> version = register_model(home(), registration);
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().code, ErrorCode::not_found);
  EXPECT_THAT(version.error().message, HasSubstr("the models it logged are final"));
  EXPECT_EQ(store_->registered_models().get("demo").error().code, ErrorCode::not_found);
}

TEST_F(RegistryTest, ADownloadHoldsTheModelAndItsRegistration) {
  logged(0, "demo");
  const auto folder = download_model(home(), "models:/demo/1", folder_ / "here", {});
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(*folder, folder_ / "here");
  EXPECT_EQ(read_file(*folder / "model/weights.bin").value(), "weights");
  EXPECT_EQ(read_file(*folder / "registered_model_meta").value(),
            "model_name: demo\nmodel_version: '1'\n");
}

TEST_F(RegistryTest, ADownloadOfALoggedModelHasNoRegistration) {
  logged();
  const auto folder = download_model(home(), run_uri("final"), folder_ / "here", {});
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(read_file(*folder / "registered_model_meta").value(),
            "model_name: null\nmodel_version: null\n");
}

TEST_F(RegistryTest, PartsOfAModelComeWithoutTheWayThatLedToThem) {
  logged();
  const auto file = download_model(home(), run_uri("final/model/weights.bin"), folder_ / "a", {});
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(*file, folder_ / "a" / "weights.bin");
  const auto part = download_model(home(), run_uri("final/model"), folder_ / "b", {});
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(read_file(folder_ / "b" / "weights.bin").value(), "weights");
  EXPECT_FALSE(fs::exists(folder_ / "b" / "registered_model_meta"));
  EXPECT_FALSE(fs::exists(folder_ / "b" / ".liquid-download"));
}

TEST_F(RegistryTest, ADownloadOfNothingIsNotFound) {
  for (const std::string& uri : {run_uri("nothing"), "runs:/" + run_.str()}) {
    const auto folder = download_model(home(), uri, folder_ / "here", {});
    ASSERT_FALSE(folder) << uri;
    EXPECT_EQ(folder.error().code, ErrorCode::not_found) << uri;
  }
}

}  // namespace
}  // namespace liquid::tracking
