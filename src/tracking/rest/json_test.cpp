// JSON of the REST API ↔ values.

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "tracking/rest/entity_json.h"
#include "tracking/rest/json_text.h"
#include "tracking/rest/registry_json.h"

namespace liquid::tracking::rest {
namespace {

// What `read` makes of `text`, and the problem it found.
template <typename Read>
auto decoded(std::string_view text, Read read) {
  const auto object = parse_object(text);
  EXPECT_TRUE(object) << text;
  FieldProblem problem;
  auto value = read(Fields(*object, problem));
  return std::pair(std::move(value), problem.text);
}

template <typename Read>
std::string problem_of(std::string_view text, Read read) {
  return decoded(text, read).second;
}

double number_in(std::string_view digits) {
  const auto [value, problem] = decoded("{\"x\": " + std::string(digits) + "}",
                                        [](const Fields& f) { return f.number("x"); });
  EXPECT_EQ(problem, "");
  return value;
}

std::int64_t whole_in(std::string_view digits) {
  const auto [value, problem] =
      decoded("{\"x\": " + std::string(digits) + "}", [](const Fields& f) { return f.whole("x"); });
  EXPECT_EQ(problem, "");
  return value;
}

TEST(JsonText, ReadsTheNearestDouble) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    if (!std::isfinite(value)) continue;
    char text[64];
    const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
    ASSERT_EQ(number_in({text, static_cast<std::size_t>(end - text)}), value);
  }
  EXPECT_EQ(number_in("0.1"), 0.1);
  EXPECT_EQ(number_in("1.7976931348623157e+308"), std::numeric_limits<double>::max());
  EXPECT_EQ(number_in("-0.30000000000000004"), -0.30000000000000004);
}

TEST(JsonText, IsNothingForAnythingButOneObject) {
  for (const std::string_view text : {"", "{", "{\"a\": 1", "[]", "1", "\"{}\"", "{} {}",
                                      "{\"a\": NaN}", "<html>", "{\"a\": 01}", "{\"\xFF\": 1}"}) {
    EXPECT_FALSE(parse_object(text)) << text;
  }
  EXPECT_FALSE(parse_object(std::string(100'000, '{')));
  std::string deep = "{\"a\":";
  for (int i = 0; i < 50'000; ++i) deep += '[';
  EXPECT_FALSE(parse_object(deep));
}

TEST(WellFormed, ReplacesOnlyBadBytes) {
  EXPECT_EQ(well_formed("né"), "né");
  EXPECT_EQ(well_formed("n\xC3"), "n\xEF\xBF\xBD");
  EXPECT_EQ(well_formed("\xFFé\xC0\x80"), "\xEF\xBF\xBDé\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Fields, TakeWholeNumbersAsNumbersOrText) {
  EXPECT_EQ(whole_in("9007199254740993"), 9007199254740993);
  EXPECT_EQ(whole_in("\"-9223372036854775808\""), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(whole_in("3.0"), 3);
  EXPECT_EQ(whole_in("1e3"), 1000);
  EXPECT_EQ(whole_in("null"), 0);
  for (const char* wrong :
       {"1.5", "\"1.5\"", "\"\"", "true", "[]", "9223372036854775808", "1e30"}) {
    EXPECT_NE(problem_of("{\"x\": " + std::string(wrong) + "}",
                         [](const Fields& f) { return f.whole("x"); }),
              "")
        << wrong;
  }
}

TEST(Fields, TakeNumbersWithoutDigitsAsText) {
  EXPECT_TRUE(std::isnan(number_in("\"NaN\"")));
  EXPECT_EQ(number_in("\"Infinity\""), std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_in("\"-Infinity\""), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_in("\"0.5\""), 0.5);
  EXPECT_EQ(number_in("3"), 3.0);
  EXPECT_EQ(number_in("18446744073709551615"), 18446744073709551615.0);
  EXPECT_EQ(problem_of(R"({"x": "nan"})", [](const Fields& f) { return f.number("x"); }),
            "field x is \"nan\", expected a number");
}

TEST(Fields, NameTheFirstThatIsWrong) {
  EXPECT_EQ(problem_of(R"({"info": {"run_id": "r", "start_time": "soon", "end_time": "later"}})",
                       read_run),
            "field info.start_time is \"soon\", expected a whole number");
  EXPECT_EQ(problem_of(R"({"info": {"run_id": "r"},
                           "data": {"metrics": [{"key": "a"}, {"key": "b", "value": {}}]}})",
                       read_run),
            "field data.metrics[1].value is {}, expected a number");
  EXPECT_EQ(problem_of(R"({"info": {"run_id": "r"}, "data": {"metrics": 3}})", read_run),
            "field data.metrics is 3, expected a list");
  EXPECT_EQ(problem_of(R"({"info": {"run_id": "r"}, "data": {"metrics": [3]}})", read_run),
            "field data.metrics is 3, expected a list of objects");
  EXPECT_EQ(problem_of(R"({"info": []})", read_run), "field info is [], expected an object");
  EXPECT_EQ(problem_of("{}", read_run), "field info is missing");
  EXPECT_EQ(problem_of(R"({"info": {}})", read_run), "field info.run_uuid is missing");
  const std::string shown =
      problem_of("{\"name\": [\"" + std::string(5'000, 'x') + "\"]}", read_registered_model);
  EXPECT_LT(shown.size(), 200U);
}

TEST(RunJson, IsReadWhole) {
  const auto [run, problem] = decoded(
      R"({"info": {"run_id": "r1", "run_uuid": "r1", "run_name": "quick-owl-3", "experiment_id": "7",
                   "user_id": "ann", "status": "FINISHED", "start_time": "1700000000000",
                   "end_time": 1700000000001, "artifact_uri": "mlflow-artifacts:/7/r1/artifacts",
                   "lifecycle_stage": "deleted", "future": [1]},
          "data": {"metrics": [{"key": "z", "value": "NaN", "timestamp": 1, "step": 2},
                               {"key": "a", "value": 0.1, "timestamp": "3", "model_id": "m-1",
                                "dataset_name": "d", "dataset_digest": "e", "run_id": "r1"}],
                   "params": [{"key": "lr", "value": "1e-4"}, {"key": "batch"}],
                   "tags": [{"key": "t", "value": ""}]},
          "inputs": {"dataset_inputs": [{"tags": [{"key": "mlflow.data.context", "value": "train"}],
                      "dataset": {"name": "n", "digest": "g", "source_type": "local", "source": "s"}}],
                     "model_inputs": [{"model_id": "m-2"}]},
          "outputs": {"model_outputs": [{"model_id": "m-3", "step": "5"}]}})",
      read_run);
  EXPECT_EQ(problem, "");
  EXPECT_EQ(run.info.id, RunId("r1"));
  EXPECT_EQ(run.info.status, RunStatus::finished);
  EXPECT_EQ(run.info.stage, LifecycleStage::deleted);
  EXPECT_EQ(run.info.start_time_ms, 1'700'000'000'000);
  EXPECT_EQ(run.info.end_time_ms, 1'700'000'000'001);
  ASSERT_EQ(run.metrics.size(), 2U);
  EXPECT_EQ(run.metrics[0].key, "a");
  EXPECT_EQ(run.metrics[0].value, 0.1);
  EXPECT_EQ(run.metrics[0].model_id, ModelId("m-1"));
  EXPECT_TRUE(std::isnan(run.metrics[1].value));
  EXPECT_EQ(run.params, (std::vector<Param>{{"batch", ""}, {"lr", "1e-4"}}));
  EXPECT_EQ(run.dataset_inputs.at(0).dataset.digest, "g");
  EXPECT_EQ(run.dataset_inputs.at(0).tags.at(0).value, "train");
  EXPECT_EQ(run.model_inputs, std::vector<ModelId>{ModelId("m-2")});
  EXPECT_EQ(run.model_outputs.at(0).step, 5);
}

TEST(RunJson, TakesEnumerationsByNameOrNumber) {
  const auto status = [](std::string_view text) {
    return decoded(R"({"info": {"run_id": "r", "status": )" + std::string(text) + "}}", read_run);
  };
  EXPECT_EQ(status("1").first.info.status, RunStatus::running);
  EXPECT_EQ(status("5").first.info.status, RunStatus::killed);
  EXPECT_EQ(status("\"FAILED\"").first.info.status, RunStatus::failed);
  EXPECT_EQ(status("6").second, "field info.status is 6, expected one of MLflow's names");
  EXPECT_NE(status("0").second, "");
  EXPECT_NE(status("-1").second, "");
  EXPECT_EQ(status("\"DONE\"").second,
            "field info.status is \"DONE\", expected one of MLflow's names");
}

TEST(LoggedModelJson, IsReadWhole) {
  const auto [model, problem] = decoded(
      R"({"info": {"model_id": "m-1", "experiment_id": 7, "name": "n", "artifact_uri": "u", "status": 2,
                   "creation_timestamp_ms": 1, "last_updated_timestamp_ms": 2, "model_type": "t",
                   "source_run_id": "r", "status_message": "s", "tags": [{"key": "k", "value": "v"}]},
          "data": {"params": [{"key": "p", "value": "q"}], "metrics": [{"key": "m", "value": 1}]}})",
      read_logged_model);
  EXPECT_EQ(problem, "");
  EXPECT_EQ(model.id, ModelId("m-1"));
  EXPECT_EQ(model.experiment_id, ExperimentId("7"));
  EXPECT_EQ(model.status, LoggedModelStatus::ready);
  EXPECT_EQ(model.source_run_id, RunId("r"));
  EXPECT_EQ(model.tags, (std::vector<Tag>{{"k", "v"}}));
  EXPECT_EQ(model.params, (std::vector<Param>{{"p", "q"}}));
  EXPECT_EQ(model.metrics.at(0).value, 1.0);
}

TEST(RegistryJson, IsReadWhole) {
  const auto [model, problem] = decoded(
      R"({"name": "n", "creation_timestamp": 1, "last_updated_timestamp": 2, "description": "d",
          "latest_versions": [{"name": "n", "version": 3, "current_stage": "Production", "status": "READY",
                               "aliases": ["champion"], "model_id": "m-1", "source": "s"}],
          "tags": [{"key": "k", "value": "v"}], "aliases": [{"alias": "champion", "version": "3"}]})",
      read_registered_model);
  EXPECT_EQ(problem, "");
  EXPECT_EQ(model.latest_versions.at(0).version, "3");
  EXPECT_EQ(model.latest_versions.at(0).stage, Stage::production);
  EXPECT_EQ(model.latest_versions.at(0).status, ModelVersionStatus::ready);
  EXPECT_EQ(model.latest_versions.at(0).aliases, std::vector<std::string>{"champion"});
  EXPECT_EQ(model.aliases, (std::vector<ModelAlias>{{"champion", "3"}}));
  EXPECT_EQ(problem_of(R"({"name": "n", "version": "1", "aliases": [1]})", read_model_version),
            "field aliases is 1, expected a list of texts");
  EXPECT_EQ(decoded(R"({"name": "n", "version": "1", "current_stage": ""})", read_model_version)
                .first.stage,
            Stage::none);
}

TEST(ExperimentJson, NeedsNoMoreThanAnId) {
  const auto [experiment, problem] = decoded(R"({"experiment_id": 3})", read_experiment);
  EXPECT_EQ(problem, "");
  EXPECT_EQ(experiment.id, ExperimentId("3"));
  EXPECT_EQ(experiment.stage, LifecycleStage::active);
}

}  // namespace
}  // namespace liquid::tracking::rest
