#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "sql/database.h"
#include "tracking/sqlite/sqlite_store.h"

// What only the file can show, or where this store says more than MLflow's. What every store does
// alike is in registry_cases.cpp and logged_model_cases.cpp.

namespace liquid::tracking {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class SqliteRegistry : public testing::Test {
 protected:
  SqliteRegistry() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("liquid_registry_" + std::string(test->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    Settings settings;
    settings.artifact_root = (folder_ / "artifacts").string();
    Result<std::unique_ptr<Store>> store =
        open_sqlite_store("sqlite:///" + file().string(), settings, clock_);
    EXPECT_TRUE(store) << store.error().message;
    store_ = std::move(store).value();
    EXPECT_TRUE(models().create({.name = "chat"}));
  }
  ~SqliteRegistry() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::filesystem::path file() const { return folder_ / "mlflow.db"; }
  RegisteredModelStore& models() { return store_->registered_models(); }
  ModelVersionStore& versions() { return store_->model_versions(); }
  LoggedModelStore& logged() { return store_->logged_models(); }

  LoggedModel log_model(const NewLoggedModel& model = {.experiment_id = ExperimentId("0"),
                                                       .name = "m"}) {
    Result<LoggedModel> made = logged().create(model);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(made).value();
  }

  /// A run as MLflow keeps it, made by hand: this room's runs have tests of their own.
  RunId insert_run() {
    const std::string id(32, 'a');
    execute(
        "INSERT INTO runs(run_uuid, name, status, lifecycle_stage, artifact_uri, experiment_id) "
        "VALUES ('" +
        id + "', 'r', 'RUNNING', 'active', '" + (folder_ / "run").string() + "', 0)");
    return RunId(id);
  }

  void execute(const std::string& sql) {
    Result<sql::Database> database =
        sql::Database::open(file(), {.access = sql::Access::read_write});
    ASSERT_TRUE(database) << database.error().message;
    Result<void> done = database->execute(sql);
    ASSERT_TRUE(done) << done.error().message;
  }

  /// The first column of the first row.
  std::string value_of(const std::string& sql) {
    Result<sql::Database> database = sql::Database::open(file(), {});
    EXPECT_TRUE(database);
    Result<sql::Statement> statement = database->prepare(sql);
    EXPECT_TRUE(statement) << statement.error().message;
    const Result<bool> row = statement->step();
    EXPECT_TRUE(row && *row) << sql;
    return std::string(statement->text(0));
  }

  Error refusal(const NewModelVersion& version) {
    const Result<ModelVersion> made = versions().create(version);
    EXPECT_FALSE(made) << "accepted " << version.source;
    return made ? Error{} : made.error();
  }

  std::filesystem::path folder_;
  ManualClock clock_;
  std::unique_ptr<Store> store_;
};

TEST_F(SqliteRegistry, KeepsARedactedRowOfADeletedVersion) {
  ASSERT_TRUE(versions().create({.name = "chat",
                                 .source = "s3://b/x",
                                 .description = "d",
                                 .run_link = "https://r",
                                 .tags = {{"k", "v"}}}));
  ASSERT_TRUE(versions().remove({"chat", "1"}));
  EXPECT_EQ(value_of("SELECT current_stage||'|'||source||'|'||run_id||'|'||run_link||'|'||"
                     "coalesce(description,'-')||'|'||storage_location FROM model_versions"),
            "Deleted_Internal|REDACTED-SOURCE-PATH|REDACTED-RUN-ID|REDACTED-RUN-LINK|-|s3://b/x");
  EXPECT_EQ(value_of("SELECT count(*) FROM model_version_tags"), "1");
}

TEST_F(SqliteRegistry, LeavesNoRowOfADeletedModel) {
  ASSERT_TRUE(versions().create({.name = "chat", .source = "s3://b/x", .tags = {{"k", "v"}}}));
  ASSERT_TRUE(models().set_tag("chat", {"k", "v"}));
  ASSERT_TRUE(models().set_alias("chat", {"champion", "1"}));
  ASSERT_TRUE(models().remove("chat"));
  for (const char* table : {"registered_models", "registered_model_tags",
                            "registered_model_aliases", "model_versions", "model_version_tags"}) {
    EXPECT_EQ(value_of("SELECT count(*) FROM " + std::string(table)), "0") << table;
  }
}

TEST_F(SqliteRegistry, KeepsEverythingInTheDefaultWorkspace) {
  ASSERT_TRUE(versions().create({.name = "chat", .source = "s3://b/x", .tags = {{"k", "v"}}}));
  ASSERT_TRUE(models().set_alias("chat", {"champion", "1"}));
  EXPECT_EQ(value_of("SELECT group_concat(DISTINCT workspace) FROM (SELECT workspace FROM "
                     "registered_models UNION ALL SELECT workspace FROM model_versions UNION ALL "
                     "SELECT workspace FROM model_version_tags UNION ALL SELECT workspace FROM "
                     "registered_model_aliases)"),
            "default");
}

TEST_F(SqliteRegistry, NotesVersionsOnTheirLoggedModelOnce) {
  const LoggedModel model = log_model();
  const std::string source = "models:/" + model.id.str();
  ASSERT_TRUE(versions().create({.name = "chat", .source = source}));
  ASSERT_TRUE(models().create({.name = "say \"hi\""}));
  ASSERT_TRUE(versions().create({.name = "say \"hi\"", .source = source, .model_id = model.id}));
  EXPECT_THAT(logged().get(model.id)->tags,
              ElementsAre(Tag{"mlflow.modelVersions", R"([{"name": "chat", "version": 1}, )"
                                                      R"({"name": "say \"hi\"", "version": 1}])"}));
}

TEST_F(SqliteRegistry, ReplacesANoteThatIsNoList) {
  const LoggedModel model = log_model();
  ASSERT_TRUE(logged().set_tags(model.id, {{"mlflow.modelVersions", "garbage"}}));
  ASSERT_TRUE(versions().create({.name = "chat", .source = "models:/" + model.id.str()}));
  EXPECT_EQ(logged().get(model.id)->tags[0].value, R"([{"name": "chat", "version": 1}])");
}

TEST_F(SqliteRegistry, ReadsFilesOfALoggedModelWhereTheyAre) {
  const RunId run = insert_run();
  const LoggedModel model = log_model({.experiment_id = ExperimentId("0"), .source_run_id = run});
  const Result<ModelVersion> version =
      versions().create({.name = "chat", .source = "models:/" + model.id.str()});
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_EQ(version->run_id, run);
  EXPECT_EQ(*versions().download_uri({"chat", "1"}), model.artifact_uri);
}

TEST_F(SqliteRegistry, TakesLocalPathsOnlyBelowTheRunTheyName) {
  const RunId run = insert_run();
  const std::string inside = (folder_ / "run" / "model").string();
  EXPECT_TRUE(versions().create({.name = "chat", .source = inside, .run_id = run}));
  EXPECT_TRUE(versions().create({.name = "chat", .source = "file://" + inside, .run_id = run}));
  const auto expected =
      AllOf(HasSubstr("Invalid model version source: '"),
            HasSubstr("'. To use a local path as a model version source, the run_id request "
                      "parameter has to be specified and the local path has to be contained within "
                      "the artifact directory of the run specified by the run_id."));
  for (const std::string& source :
       {folder_.string() + "/run2", (folder_ / "run/../x").string(), std::string("/"),
        "file://" + (folder_ / "run/%2e%2e/x").string()}) {
    const Error error = refusal({.name = "chat", .source = source, .run_id = run});
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    EXPECT_THAT(error.message, expected);
  }
  EXPECT_THAT(refusal({.name = "chat", .source = inside}).message, expected);
}

TEST_F(SqliteRegistry, SeesThroughLinksThatLeadOutOfTheRun) {
  const RunId run = insert_run();
  std::filesystem::create_directories(folder_ / "run");
  std::filesystem::create_directories(folder_ / "secret");
  std::filesystem::create_directory_symlink(folder_ / "secret", folder_ / "run/link");
  EXPECT_EQ(
      refusal({.name = "chat", .source = (folder_ / "run/link").string(), .run_id = run}).code,
      ErrorCode::invalid_argument);
}

TEST_F(SqliteRegistry, TakesLocalPathsBelowTheLoggedModelTheyName) {
  const LoggedModel model = log_model();
  EXPECT_TRUE(
      versions().create({.name = "chat", .source = model.artifact_uri, .model_id = model.id}));
  EXPECT_THAT(refusal({.name = "chat", .source = folder_.string(), .model_id = model.id}).message,
              HasSubstr("the model_id request parameter has to be specified"));
}

TEST_F(SqliteRegistry, RefusesSourcesThatClimb) {
  for (const char* source : {"s3://b/a/../../c", "s3://b/a/%2e%2e/c", "s3://b/%252e%252e/c",
                             "http://host/../x", "s3://b", "dbfs:x"}) {
    const Error error = refusal({.name = "chat", .source = source});
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << source;
    EXPECT_THAT(error.message, HasSubstr("an absolute path must be provided without relative path "
                                         "references present"));
  }
}

TEST_F(SqliteRegistry, TakesProxiedArtifactsOnlyBelowTheirRun) {
  const RunId run = insert_run();
  execute("UPDATE runs SET artifact_uri='mlflow-artifacts:/0/r/artifacts'");
  EXPECT_TRUE(versions().create(
      {.name = "chat", .source = "mlflow-artifacts:/0/r/artifacts/m", .run_id = run}));
  for (const char* source :
       {"mlflow-artifacts:/0/other/artifacts/m", "mlflow-artifacts://host/0/r/artifacts/m",
        "http://h/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts"}) {
    EXPECT_THAT(refusal({.name = "chat", .source = source, .run_id = run}).message,
                HasSubstr("The run_id request parameter must identify the resource that contains "
                          "the source."))
        << source;
  }
}

TEST_F(SqliteRegistry, TakesRunSourcesOfTheSameRunOnly) {
  const RunId run = insert_run();
  const std::string source = "runs:/" + run.str() + "/model";
  EXPECT_TRUE(versions().create({.name = "chat", .source = source, .run_id = run}));
  EXPECT_EQ(refusal({.name = "chat", .source = source}).code, ErrorCode::invalid_argument);
  EXPECT_EQ(refusal({.name = "chat", .source = "runs:/other/m", .run_id = run}).code,
            ErrorCode::invalid_argument);
}

TEST_F(SqliteRegistry, FollowsVersionsStagesAndAliasesToTheirFiles) {
  ASSERT_TRUE(versions().create({.name = "chat", .source = "s3://b/1"}));
  ASSERT_TRUE(versions().create({.name = "chat", .source = "s3://b/2"}));
  ASSERT_TRUE(versions().transition({"chat", "1"}, Stage::staging, ArchiveExisting::no));
  ASSERT_TRUE(models().set_alias("chat", {"champion", "1"}));
  ASSERT_TRUE(models().create({.name = "copy"}));
  for (const auto& [source, resolved, files] :
       {std::tuple("models:/chat/2", "models:/chat/2", "s3://b/2"),
        std::tuple("models:/chat/latest", "models:/chat/2", "s3://b/2"),
        std::tuple("models:/chat/STAGING", "models:/chat/1", "s3://b/1"),
        std::tuple("models:/chat@champion", "models:/chat/1", "s3://b/1")}) {
    const Result<ModelVersion> made = versions().create({.name = "copy", .source = source});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->source, resolved);
    EXPECT_EQ(*versions().download_uri({"copy", made->version}), files);
  }
  EXPECT_EQ(refusal({.name = "copy", .source = "models:/chat/9"}).code, ErrorCode::not_found);
  EXPECT_EQ(refusal({.name = "copy", .source = "models:/chat/production"}).code,
            ErrorCode::not_found);
  EXPECT_EQ(refusal({.name = "copy", .source = "models:/absent/1"}).code, ErrorCode::not_found);
  EXPECT_EQ(refusal({.name = "copy", .source = "models:/chat/nostage"}).code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(refusal({.name = "copy", .source = "models:/chat@nobody"}).code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(refusal({.name = "copy", .source = "models://host/chat/1"}).code,
            ErrorCode::invalid_argument);
}

TEST_F(SqliteRegistry, RefusesALoggedModelThatIsNotTheSource) {
  const LoggedModel model = log_model();
  const LoggedModel other = log_model();
  EXPECT_EQ(
      refusal({.name = "chat", .source = "models:/" + model.id.str(), .model_id = other.id}).code,
      ErrorCode::invalid_argument);
  const Error absent = refusal({.name = "chat", .source = "models:/m-00"});
  EXPECT_EQ(absent.code, ErrorCode::not_found);
  EXPECT_THAT(absent.message,
              HasSubstr("Unable to fetch model from model URI source artifact location "
                        "'models:/m-00'. Error: Logged model with ID 'm-00' not found."));
}

TEST_F(SqliteRegistry, LeavesNothingBehindWhenAVersionIsRefused) {
  EXPECT_EQ(refusal({.name = "chat", .source = "s3://b/x", .model_id = ModelId("m-none")}).code,
            ErrorCode::not_found);
  EXPECT_EQ(value_of("SELECT count(*) FROM model_versions"), "0");
  EXPECT_EQ(versions().create({.name = "chat", .source = "s3://b/x"})->version, "1");
}

TEST_F(SqliteRegistry, TakesPromptsWithMlflowsPlaceholderOnly) {
  const std::vector<Tag> tags{{"mlflow.prompt.is_prompt", "true"}, {"mlflow.prompt.text", "Hi"}};
  ASSERT_TRUE(models().create({.name = "greet", .tags = {tags[0]}}));
  EXPECT_TRUE(versions().create({.name = "greet", .source = "prompt-template", .tags = tags}));
  EXPECT_THAT(refusal({.name = "greet", .source = "s3://b/x", .tags = tags}).message,
              HasSubstr("Prompt sources must use an MLflow placeholder."));
  EXPECT_THAT(refusal({.name = "chat", .source = "models:/greet/1"}).message,
              HasSubstr("Prompt versions cannot be used as model version sources."));
}

TEST_F(SqliteRegistry, SaysWhetherAModelOrAPromptHasTheName) {
  const std::vector<Tag> prompt{{"mlflow.prompt.is_prompt", "true"}};
  ASSERT_TRUE(models().create({.name = "greet", .tags = prompt}));
  EXPECT_EQ(models().create({.name = "greet", .tags = prompt}).error().message,
            "Prompt (name=greet) already exists.");
  EXPECT_EQ(models().create({.name = "greet"}).error().message,
            "Tried to create a registered model with name 'greet', but the name is already taken "
            "by a prompt. MLflow does not allow creating a model and a prompt with the same name.");
  EXPECT_EQ(models().create({.name = "chat", .tags = prompt}).error().message,
            "Tried to create a prompt with name 'chat', but the name is already taken by a "
            "registered model. MLflow does not allow creating a model and a prompt with the same "
            "name.");
}

TEST_F(SqliteRegistry, RefusesToArchiveForAStageThatIsNotActive) {
  ASSERT_TRUE(versions().create({.name = "chat", .source = "s3://b/x"}));
  const Result<ModelVersion> moved =
      versions().transition({"chat", "1"}, Stage::archived, ArchiveExisting::yes);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(moved.error().message,
            "Model version transition cannot archive existing model versions because 'Archived' is "
            "not an Active stage. Valid stages are ['Staging', 'Production']");
}

TEST_F(SqliteRegistry, EndsALoggedModelOnlyAsReadyOrFailed) {
  const LoggedModel model = log_model();
  for (const LoggedModelStatus status :
       {LoggedModelStatus::pending, LoggedModelStatus::unspecified}) {
    EXPECT_EQ(logged().finalize(model.id, status).error().code, ErrorCode::invalid_argument);
  }
}

TEST_F(SqliteRegistry, TakesTheSameParameterOfALoggedModelAgain) {
  const LoggedModel model =
      log_model({.experiment_id = ExperimentId("0"), .name = "m", .params = {{"r", "8"}}});
  EXPECT_TRUE(logged().log_params(model.id, {{"r", "8"}, {"alpha", "16"}}));
  EXPECT_THAT(logged().get(model.id)->params, ElementsAre(Param{"alpha", "16"}, Param{"r", "8"}));
}

TEST_F(SqliteRegistry, WritesNoParameterWhenOneIsRefused) {
  const LoggedModel model =
      log_model({.experiment_id = ExperimentId("0"), .name = "m", .params = {{"r", "8"}}});
  const Result<void> logged_twice = logged().log_params(model.id, {{"alpha", "16"}, {"r", "9"}});
  ASSERT_FALSE(logged_twice);
  EXPECT_EQ(logged_twice.error().message,
            "Changing param values is not allowed. Param with key='r' was already logged with "
            "value='8' for model ID='" +
                model.id.str() + "'. Attempted logging new value '9'.");
  EXPECT_THAT(logged().get(model.id)->params, ElementsAre(Param{"r", "8"}));
}

TEST_F(SqliteRegistry, ReadsPointsOfALoggedModel) {
  const RunId run = insert_run();
  const LoggedModel model = log_model();
  execute("INSERT INTO logged_model_metrics VALUES ('" + model.id.str() +
          "', 'loss', 1001, 2, 1.5, 0, '" + run.str() + "', NULL, 'd', 'x')");
  const std::vector<Metric> metrics = logged().get(model.id)->metrics;
  ASSERT_EQ(metrics.size(), 1U);
  EXPECT_EQ(metrics[0].key, "loss");
  EXPECT_EQ(metrics[0].value, 1.5);
  EXPECT_EQ(metrics[0].step, 2);
  EXPECT_EQ(metrics[0].timestamp_ms, 1001);
  EXPECT_EQ(metrics[0].run_id, run);
  EXPECT_EQ(metrics[0].dataset_name, "d");
  EXPECT_EQ(metrics[0].model_id, model.id);
}

TEST_F(SqliteRegistry, GivesEveryWriterANumberOfItsOwn) {
  constexpr int kWriters = 4;
  constexpr int kEach = 10;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&] {  // each with a connection of its own, like another process
      const auto store = open_sqlite_store("sqlite:///" + file().string(), Settings(), clock_);
      ASSERT_TRUE(store) << store.error().message;
      for (int i = 0; i < kEach; ++i) {
        const auto made = (*store)->model_versions().create({.name = "chat", .source = "s3://b/x"});
        EXPECT_TRUE(made) << made.error().message;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(value_of("SELECT count(*)||' '||max(version) FROM model_versions"), "40 40");
}

// Python's driver fails on a whole page when one text in it is not UTF-8.
TEST_F(SqliteRegistry, TakesNoTextThatPythonCannotRead) {
  const std::string broken = "a\xff";
  const LoggedModel model = log_model();
  EXPECT_TRUE(versions().create({.name = "chat", .source = "s3://b/x"}));
  for (const ErrorCode code :
       {models().create({.name = broken}).error().code,
        models().create({.name = "b", .description = broken}).error().code,
        models().describe("chat", broken).error().code,
        models().set_tag("chat", {"k", broken}).error().code,
        versions().create({.name = "chat", .source = "s3://b/" + broken}).error().code,
        versions().describe({"chat", "1"}, broken).error().code,
        versions().set_tag({"chat", "1"}, {"k", broken}).error().code,
        logged().set_tags(model.id, {{"k", broken}}).error().code,
        logged().log_params(model.id, {{broken, "v"}}).error().code}) {
    EXPECT_EQ(code, ErrorCode::invalid_argument);
  }
}

TEST_F(SqliteRegistry, TakesTimesFromTheClock) {
  const std::int64_t before =
      versions().create({.name = "chat", .source = "s3://b/x"})->creation_time_ms;
  clock_.advance(std::chrono::seconds(2));
  const ModelVersion moved =
      *versions().transition({"chat", "1"}, Stage::staging, ArchiveExisting::no);
  EXPECT_EQ(moved.creation_time_ms, before);
  EXPECT_EQ(moved.last_update_time_ms, before + 2000);
  EXPECT_EQ(models().get("chat")->last_update_time_ms, before + 2000);
}

}  // namespace
}  // namespace liquid::tracking
