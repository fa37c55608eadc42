// What goes over the wire for each call, and what becomes of the answers.

#include "tracking/rest/scripted_server_test.h"

namespace liquid::tracking::rest {
namespace {

class RestCalls : public RestStoreTest {
 protected:
  static std::string line(std::string_view method, std::string_view path) {
    return std::string(method) + " /api/2.0/mlflow/" + std::string(path);
  }
  // Of the last request.
  void expect_sent(std::string_view method, std::string_view path, std::string_view body) {
    EXPECT_EQ(server_.last().line, line(method, path));
    EXPECT_EQ(server_.last().body, body);
  }
};

constexpr const char* kRun = R"({"run": {"info": {"run_id": "r1", "status": "RUNNING"}}})";
constexpr const char* kModel = R"({"model": {"info": {"model_id": "m-1"}}})";
constexpr const char* kVersion = R"({"model_version": {"name": "n", "version": "2"}})";
constexpr const char* kRegistered = R"({"registered_model": {"name": "n"}})";

TEST_F(RestCalls, MakeExperiments) {
  server_.answer(200, R"({"experiment_id": "12"})");
  const auto id = store().experiments().create(
      {.name = "tuning", .artifact_location = "s3://b", .tags = {{"k", "v"}}});
  EXPECT_EQ(id.value(), ExperimentId("12"));
  expect_sent("POST", "experiments/create",
              R"({"name":"tuning","artifact_location":"s3://b","tags":[{"key":"k","value":"v"}]})");
  EXPECT_EQ(server_.last().header("content-type"), "application/json");
}

TEST_F(RestCalls, FindExperimentsByNameOrNothing) {
  server_.answer(200, R"({"experiment": {"experiment_id": "1", "name": "a b&c"}})")
      .answer_error(404, "RESOURCE_DOES_NOT_EXIST", "Could not find experiment")
      .answer_error(403, "PERMISSION_DENIED", "no");
  EXPECT_EQ(store().experiments().find("a b&c").value()->name, "a b&c");
  expect_sent("GET", "experiments/get-by-name?experiment_name=a%20b%26c", "");
  EXPECT_FALSE(store().experiments().find("gone").value().has_value());
  EXPECT_EQ(store().experiments().find("other").error().code, ErrorCode::permission_denied);
}

TEST_F(RestCalls, SearchExperiments) {
  server_.answer(200, R"({"experiments": [{"experiment_id": "1"}, {"experiment_id": "2"}],
                          "next_page_token": "tok"})");
  const auto page = store().experiments().search({.filter = "name LIKE 'a%'",
                                                  .order_by = {"name ASC", "experiment_id"},
                                                  .view = ViewType::all,
                                                  .max_results = 2,
                                                  .page_token = "old"});
  EXPECT_EQ(page.value().items.size(), 2U);
  EXPECT_EQ(page.value().next_page_token, "tok");
  expect_sent("POST", "experiments/search",
              R"({"filter":"name LIKE 'a%'","order_by":["name ASC","experiment_id"],)"
              R"("page_token":"old","max_results":2,"view_type":"ALL"})");
}

TEST_F(RestCalls, ChangeExperiments) {
  const ExperimentId id("3");
  ExperimentStore& experiments = store().experiments();
  EXPECT_TRUE(experiments.rename(id, "new"));
  expect_sent("POST", "experiments/update", R"({"experiment_id":"3","new_name":"new"})");
  EXPECT_TRUE(experiments.remove(id));
  expect_sent("POST", "experiments/delete", R"({"experiment_id":"3"})");
  EXPECT_TRUE(experiments.restore(id));
  expect_sent("POST", "experiments/restore", R"({"experiment_id":"3"})");
  EXPECT_TRUE(experiments.set_tag(id, {"k", "v"}));
  expect_sent("POST", "experiments/set-experiment-tag",
              R"({"key":"k","value":"v","experiment_id":"3"})");
  EXPECT_TRUE(experiments.delete_tag(id, "k"));
  expect_sent("POST", "experiments/delete-experiment-tag", R"({"experiment_id":"3","key":"k"})");
}

TEST_F(RestCalls, MakeAndChangeRuns) {
  server_.answer(200, kRun);
  RunStore& runs = store().runs();
  EXPECT_EQ(runs.create({.experiment_id = ExperimentId("1"),
                         .user_id = "ann",
                         .name = "try",
                         .start_time_ms = 5,
                         .tags = {{"k", "v"}}})
                .value()
                .info.id,
            RunId("r1"));
  expect_sent("POST", "runs/create",
              R"({"experiment_id":"1","start_time":5,"user_id":"ann","run_name":"try",)"
              R"("tags":[{"key":"k","value":"v"}]})");
  EXPECT_TRUE(runs.get(RunId("r1")));
  expect_sent("GET", "runs/get?run_id=r1&run_uuid=r1", "");
  EXPECT_TRUE(runs.remove(RunId("r1")));
  expect_sent("POST", "runs/delete", R"({"run_id":"r1"})");
  EXPECT_TRUE(runs.restore(RunId("r1")));
  expect_sent("POST", "runs/restore", R"({"run_id":"r1"})");
  EXPECT_TRUE(runs.delete_tag(RunId("r1"), "k"));
  expect_sent("POST", "runs/delete-tag", R"({"run_id":"r1","key":"k"})");
}

TEST_F(RestCalls, UpdateOnlyWhatIsGiven) {
  server_.answer(200, R"({"run_info": {"run_id": "r1", "status": "FAILED", "end_time": 9}})");
  const auto info =
      store().runs().update(RunId("r1"), {.status = RunStatus::failed, .end_time_ms = 9});
  EXPECT_EQ(info.value().end_time_ms, 9);
  expect_sent("POST", "runs/update",
              R"({"run_id":"r1","run_uuid":"r1","status":"FAILED","end_time":9})");
  EXPECT_TRUE(store().runs().update(RunId("r1"), {.name = "n"}));
  expect_sent("POST", "runs/update", R"({"run_id":"r1","run_uuid":"r1","run_name":"n"})");
}

TEST_F(RestCalls, SearchRuns) {
  server_.answer(200, R"({"runs": [{"info": {"run_id": "r1"}}]})");
  const auto page = store().runs().search(
      {.experiment_ids = {ExperimentId("1"), ExperimentId("2")}, .filter = "metrics.loss < 1"});
  EXPECT_EQ(page.value().items.at(0).info.id, RunId("r1"));
  EXPECT_EQ(page.value().next_page_token, "");
  expect_sent("POST", "runs/search",
              R"({"filter":"metrics.loss < 1","experiment_ids":["1","2"],"max_results":1000,)"
              R"("run_view_type":"ACTIVE_ONLY"})");
}

TEST_F(RestCalls, SendBatchesInPartsAndStopAtTheFirstThatFails) {
  Batch batch;
  for (int i = 0; i < 2'500; ++i) batch.metrics.push_back({.key = "m", .step = i});
  server_.answer(200, "{}").answer_error(400, "INVALID_PARAMETER_VALUE", "no such run");
  const auto sent = store().runs().log_batch(RunId("r1"), batch);
  EXPECT_EQ(sent.error(), (Error{ErrorCode::invalid_argument, "no such run"}));
  EXPECT_EQ(server_.asked().size(), 2U);
  EXPECT_TRUE(store().runs().log_batch(RunId("r1"), {}));
  EXPECT_EQ(server_.asked().size(), 2U) << "nothing is not sent";
}

TEST_F(RestCalls, LogInputsOutputsAndOldModels) {
  RunStore& runs = store().runs();
  const DatasetInput input{.dataset = {.name = "d",
                                       .digest = "1",
                                       .source_type = "local",
                                       .source = "/x",
                                       .schema = "s"},
                           .tags = {{"mlflow.data.context", "train"}}};
  EXPECT_TRUE(runs.log_inputs(RunId("r1"), {input}, {ModelId("m-1")}));
  expect_sent(
      "POST", "runs/log-inputs",
      R"({"run_id":"r1","datasets":[{"tags":[{"key":"mlflow.data.context","value":"train"}],)"
      R"("dataset":{"name":"d","digest":"1","source_type":"local","source":"/x","schema":"s"}}],)"
      R"("models":[{"model_id":"m-1"}]})");
  EXPECT_TRUE(runs.log_outputs(RunId("r1"), {{ModelId("m-1"), 4}}));
  expect_sent("POST", "runs/outputs", R"({"run_id":"r1","models":[{"model_id":"m-1","step":4}]})");
  EXPECT_TRUE(runs.record_model(RunId("r1"), "{\"a\": 1}"));
  expect_sent("POST", "runs/log-model", R"({"run_id":"r1","model_json":"{\"a\": 1}"})");
}

TEST_F(RestCalls, FollowThePagesOfAHistory) {
  server_.answer(200, R"({"metrics": [{"key": "m", "step": 1}], "next_page_token": "t/1"})")
      .answer(200, R"({"metrics": [{"key": "m", "step": 2}]})");
  const auto points = store().runs().metric_history({.run_id = RunId("r1"), .key = "m"});
  ASSERT_EQ(points.value().items.size(), 2U);
  EXPECT_EQ(points.value().items[1].step, 2);
  EXPECT_EQ(points.value().next_page_token, "");
  EXPECT_EQ(
      server_.asked()[0].line,
      line("GET", "metrics/get-history?run_id=r1&run_uuid=r1&metric_key=m&max_results=25000"));
  expect_sent("GET",
              "metrics/get-history?run_id=r1&run_uuid=r1&metric_key=m&max_results=25000"
              "&page_token=t%2F1",
              "");
}

TEST_F(RestCalls, GiveAsMuchOfAHistoryAsAskedFor) {
  server_.answer(200, R"({"metrics": [{"key": "m"}, {"key": "m"}], "next_page_token": "more"})");
  const auto points =
      store().runs().metric_history({.run_id = RunId("r1"), .key = "m", .max_results = 2});
  EXPECT_EQ(points.value().items.size(), 2U);
  EXPECT_EQ(points.value().next_page_token, "more");
  EXPECT_EQ(server_.asked().size(), 1U);
}

TEST_F(RestCalls, EndAHistoryThatGivesTokensWithoutPoints) {
  server_.answer(200, R"({"next_page_token": "again"})");
  EXPECT_TRUE(
      store().runs().metric_history({.run_id = RunId("r1"), .key = "m"}).value().items.empty());
  EXPECT_EQ(server_.asked().size(), 1U);
}

TEST_F(RestCalls, RepeatKeysForManyRuns) {
  server_.answer(200, R"({"metrics": [{"key": "m", "run_id": "b", "value": "Infinity"}]})");
  const auto points = store().runs().sampled_history(
      {.run_ids = {RunId("a"), RunId("b")}, .key = "m", .start_step = -1, .end_step = 9});
  EXPECT_EQ(points.value().at(0).run_id, RunId("b"));
  expect_sent("GET",
              "metrics/get-history-bulk-interval?run_ids=a&run_ids=b&metric_key=m&max_results=320"
              "&start_step=-1&end_step=9",
              "");
}

TEST_F(RestCalls, MakeLoggedModelsWithAHundredParametersAtATime) {
  server_.answer(200, kModel);
  NewLoggedModel model{.experiment_id = ExperimentId("1"), .name = "n"};
  for (int i = 0; i < 250; ++i) model.params.push_back({std::to_string(i), "v"});
  EXPECT_EQ(store().logged_models().create(model).value().id, ModelId("m-1"));
  const auto asked = server_.asked();
  ASSERT_EQ(asked.size(), 4U);
  EXPECT_EQ(asked[0].line, line("POST", "logged-models"));
  EXPECT_NE(asked[0].body.find(R"("key":"99")"), std::string::npos);
  EXPECT_EQ(asked[0].body.find(R"("key":"100")"), std::string::npos);
  EXPECT_EQ(asked[1].line, line("POST", "logged-models/m-1/params"));
  EXPECT_NE(asked[1].body.find(R"("key":"100")"), std::string::npos);
  EXPECT_NE(asked[2].body.find(R"("key":"249")"), std::string::npos);
  EXPECT_EQ(asked[3].line, line("GET", "logged-models/m-1"));
}

TEST_F(RestCalls, ChangeLoggedModels) {
  server_.answer(200, kModel);
  LoggedModelStore& models = store().logged_models();
  const ModelId id("m-1");
  EXPECT_TRUE(models.finalize(id, LoggedModelStatus::ready));
  expect_sent("PATCH", "logged-models/m-1", R"({"model_id":"m-1","status":"LOGGED_MODEL_READY"})");
  EXPECT_TRUE(models.remove(id));
  expect_sent("DELETE", "logged-models/m-1", R"({"model_id":"m-1"})");
  EXPECT_TRUE(models.set_tags(id, {{"k", "v"}}));
  expect_sent("PATCH", "logged-models/m-1/tags",
              R"({"model_id":"m-1","tags":[{"key":"k","value":"v"}]})");
  EXPECT_TRUE(models.delete_tag(id, "a key"));
  expect_sent("DELETE", "logged-models/m-1/tags/a%20key", "{}");
}

TEST_F(RestCalls, RefuseIdsThatWouldNameSomethingElse) {
  for (const std::string id : {"", ".", ".."}) {
    EXPECT_EQ(store().logged_models().remove(ModelId(id)).error().code,
              ErrorCode::invalid_argument);
  }
  EXPECT_EQ(store().logged_models().delete_tag(ModelId("m-1"), "").error().code,
            ErrorCode::invalid_argument);
  EXPECT_TRUE(server_.asked().empty());
}

TEST_F(RestCalls, SearchLoggedModels) {
  server_.answer(200, R"({"models": [{"info": {"model_id": "m-1"}}]})");
  LoggedModelQuery query{.experiment_ids = {ExperimentId("1")}, .filter = "metrics.loss < 1"};
  query.datasets.push_back({.name = "d"});
  query.order_by.push_back({.field = "metrics.loss", .ascending = false, .dataset_name = "d"});
  EXPECT_EQ(store().logged_models().search(query).value().items.at(0).id, ModelId("m-1"));
  expect_sent("POST", "logged-models/search",
              R"({"filter":"metrics.loss < 1","experiment_ids":["1"],"max_results":100,)"
              R"("order_by":[{"field_name":"metrics.loss","ascending":false,"dataset_name":"d"}],)"
              R"("datasets":[{"dataset_name":"d"}]})");
}

TEST_F(RestCalls, SayThatOldServersHaveNoLoggedModels) {
  server_.answer(http::text_response(404, "text/html", "<!doctype html><title>404 Not Found"));
  EXPECT_EQ(store().logged_models().create({.name = "n"}).error().code, ErrorCode::unsupported);
  ScriptedServer other;
  other.answer_error(404, "ENDPOINT_NOT_FOUND", "no such endpoint");
  EXPECT_EQ(open_at(other.url()).value()->logged_models().get(ModelId("m-1")).error(),
            (Error{ErrorCode::unsupported, "no such endpoint"}));
}

TEST_F(RestCalls, WorkOnRegisteredModels) {
  server_.answer(200, kRegistered);
  RegisteredModelStore& models = store().registered_models();
  EXPECT_EQ(models.create({.name = "n", .description = "d"}).value().name, "n");
  expect_sent("POST", "registered-models/create", R"({"name":"n","description":"d"})");
  EXPECT_TRUE(models.get("n"));
  expect_sent("GET", "registered-models/get?name=n", "");
  EXPECT_TRUE(models.describe("n", ""));
  expect_sent("PATCH", "registered-models/update", R"({"name":"n","description":""})");
  EXPECT_TRUE(models.rename("n", "m"));
  expect_sent("POST", "registered-models/rename", R"({"name":"n","new_name":"m"})");
  EXPECT_TRUE(models.remove("n"));
  expect_sent("DELETE", "registered-models/delete", R"({"name":"n"})");
  EXPECT_TRUE(models.set_tag("n", {"k", "v"}));
  expect_sent("POST", "registered-models/set-tag", R"({"key":"k","value":"v","name":"n"})");
  EXPECT_TRUE(models.delete_tag("n", "k"));
  expect_sent("DELETE", "registered-models/delete-tag", R"({"name":"n","key":"k"})");
  EXPECT_TRUE(models.set_alias("n", {"best", "2"}));
  expect_sent("POST", "registered-models/alias", R"({"name":"n","alias":"best","version":"2"})");
  EXPECT_TRUE(models.delete_alias("n", "best"));
  expect_sent("DELETE", "registered-models/alias", R"({"name":"n","alias":"best"})");
  server_.answer(200, R"({"registered_models": [{"name": "n"}]})");
  EXPECT_TRUE(models.search({.filter = "name = 'n'", .order_by = {"name", "timestamp DESC"}}));
  expect_sent("GET",
              "registered-models/search?max_results=100&filter=name%20%3D%20%27n%27&order_by=name"
              "&order_by=timestamp%20DESC",
              "");
}

TEST_F(RestCalls, WorkOnModelVersions) {
  server_.answer(200, kVersion);
  ModelVersionStore& versions = store().model_versions();
  const VersionName name{"n", "2"};
  EXPECT_EQ(versions.create({.name = "n", .source = "models:/m-1", .model_id = ModelId("m-1")})
                .value()
                .version,
            "2");
  expect_sent("POST", "model-versions/create",
              R"({"name":"n","source":"models:/m-1","model_id":"m-1"})");
  EXPECT_TRUE(versions.get(name));
  expect_sent("GET", "model-versions/get?name=n&version=2", "");
  EXPECT_TRUE(versions.find_by_alias("n", "best"));
  expect_sent("GET", "registered-models/alias?name=n&alias=best", "");
  EXPECT_TRUE(versions.describe(name, "d"));
  expect_sent("PATCH", "model-versions/update", R"({"name":"n","version":"2","description":"d"})");
  EXPECT_TRUE(versions.transition(name, Stage::production, ArchiveExisting::yes));
  expect_sent(
      "POST", "model-versions/transition-stage",
      R"({"name":"n","version":"2","stage":"Production","archive_existing_versions":true})");
  EXPECT_TRUE(versions.remove(name));
  expect_sent("DELETE", "model-versions/delete", R"({"name":"n","version":"2"})");
  EXPECT_TRUE(versions.set_tag(name, {"k", "v"}));
  expect_sent("POST", "model-versions/set-tag",
              R"({"name":"n","version":"2","key":"k","value":"v"})");
  EXPECT_TRUE(versions.delete_tag(name, "k"));
  expect_sent("DELETE", "model-versions/delete-tag", R"({"name":"n","version":"2","key":"k"})");
  EXPECT_EQ(versions.search({}).value().items.size(), 0U);
  expect_sent("GET", "model-versions/search?max_results=100", "");
}

TEST_F(RestCalls, SayWhereAVersionsFilesAre) {
  server_.answer(200, R"({"artifact_uri": "s3://b/m"})");
  EXPECT_EQ(store().model_versions().download_uri({"n", "2"}).value(), "s3://b/m");
  expect_sent("GET", "model-versions/get-download-uri?name=n&version=2", "");
}

TEST_F(RestCalls, AskForLatestVersionsByPostThenByGet) {
  server_.answer(http::text_response(405, "text/html", "<html>"))
      .answer(200, R"({"model_versions": [{"name": "n", "version": "2"}]})");
  const auto versions = store().model_versions().latest("n", {Stage::staging, Stage::production});
  EXPECT_EQ(versions.value().at(0).version, "2");
  EXPECT_EQ(server_.asked()[0].line, line("POST", "registered-models/get-latest-versions"));
  EXPECT_EQ(server_.asked()[0].body, R"({"name":"n","stages":["Staging","Production"]})");
  expect_sent("GET",
              "registered-models/get-latest-versions?name=n&stages=Staging&stages=Production", "");
}

TEST_F(RestCalls, NameTheRequestAndFieldOfABrokenAnswer) {
  server_.answer(200, R"({"runs": [{"info": {"run_id": "r", "start_time": []}}]})");
  const Error error = store().runs().search({}).error();
  EXPECT_EQ(error.code, ErrorCode::data_corrupt);
  EXPECT_EQ(error.message, "POST " + server_.url() +
                               "/api/2.0/mlflow/runs/search: field runs[0].info.start_time is [], "
                               "expected a whole number");
}

TEST_F(RestCalls, NeverTakeAnEmptyAnswerForAThing) {
  server_.answer(200, "");
  EXPECT_EQ(store().runs().create({}).error().code, ErrorCode::data_corrupt);
  EXPECT_EQ(store().experiments().create({}).error().code, ErrorCode::data_corrupt);
  EXPECT_EQ(store().registered_models().get("n").error().code, ErrorCode::data_corrupt);
  EXPECT_EQ(store().model_versions().download_uri({}).error().code, ErrorCode::data_corrupt);
}

}  // namespace
}  // namespace liquid::tracking::rest
