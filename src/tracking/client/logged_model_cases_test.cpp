#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tracking/client/store_case_test.h"

namespace liquid::tracking {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::UnorderedElementsAre;

class LoggedModels : public StoreCase {
 protected:
  LoggedModel model(const ExperimentId& in) {
    return value_of(logged_models().create({.experiment_id = in, .name = "m"}));
  }

  std::vector<ModelId> found(const LoggedModelQuery& query) {
    std::vector<ModelId> ids;
    for (const LoggedModel& each : value_of(logged_models().search(query)).items) {
      ids.push_back(each.id);
    }
    return ids;
  }
};

TEST_F(LoggedModels, ComeBackAsTheyWereMade) {
  const RunInfo info = new_run().info;
  const LoggedModel made = value_of(logged_models().create({.experiment_id = info.experiment_id,
                                                            .name = "chät model",
                                                            .source_run_id = info.id,
                                                            .model_type = "llm",
                                                            .params = {{"r", "8"}, {"alpha", "16"}},
                                                            .tags = {{"team", "blue"}}}));
  const LoggedModel got = value_of(logged_models().get(made.id));
  for (const LoggedModel& each : {made, got}) {
    EXPECT_THAT(each.id.str(), MatchesRegex("m-[0-9a-f]{32}"));
    EXPECT_EQ(each.experiment_id, info.experiment_id);
    EXPECT_EQ(each.name, "chät model");
    EXPECT_EQ(each.source_run_id, info.id);
    EXPECT_EQ(each.model_type, "llm");
    EXPECT_EQ(each.status, LoggedModelStatus::pending);
    EXPECT_THAT(each.params, UnorderedElementsAre(Param{"r", "8"}, Param{"alpha", "16"}));
    EXPECT_THAT(each.tags, ElementsAre(Tag{"team", "blue"}));
    EXPECT_EQ(each.last_update_time_ms, each.creation_time_ms);
  }
}

TEST_F(LoggedModels, LieBelowTheirExperiment) {
  const ExperimentId in = experiment();
  const LoggedModel made = model(in);
  EXPECT_EQ(made.artifact_uri, value_of(experiments().get(in)).artifact_location + "/models/" +
                                   made.id.str() + "/artifacts");
}

TEST_F(LoggedModels, GetANameWhenTheyHaveNone) {
  const LoggedModel made = value_of(logged_models().create({.experiment_id = experiment()}));
  EXPECT_THAT(made.name, MatchesRegex("[a-z]+-[a-z]+-[0-9]+"));
}

TEST_F(LoggedModels, RefuseNamesThatWouldBreakTheirUris) {
  const ExperimentId in = experiment();
  for (const char* name : {"a/b", "a:b", "a.b", "a%b", "a'b", "a\"b"}) {
    EXPECT_EQ(refusal_of(logged_models().create({.experiment_id = in, .name = name})).code,
              ErrorCode::invalid_argument)
        << name;
  }
}

TEST_F(LoggedModels, NeedAnActiveExperiment) {
  const ExperimentId in = experiment();
  done(experiments().remove(in));
  const Error deleted = refusal_of(logged_models().create({.experiment_id = in, .name = "m"}));
  EXPECT_EQ(deleted.code, ErrorCode::invalid_argument);
  EXPECT_THAT(deleted.message, HasSubstr("must be in the 'active' state"));
  EXPECT_EQ(
      refusal_of(logged_models().create({.experiment_id = ExperimentId("999999999"), .name = "m"}))
          .code,
      ErrorCode::not_found);
}

TEST_F(LoggedModels, EndAsReadyOrFailed) {
  const ExperimentId in = experiment();
  const ModelId good = model(in).id;
  const ModelId bad = model(in).id;
  EXPECT_EQ(value_of(logged_models().finalize(good, LoggedModelStatus::ready)).status,
            LoggedModelStatus::ready);
  value_of(logged_models().finalize(bad, LoggedModelStatus::upload_failed));
  EXPECT_EQ(value_of(logged_models().get(good)).status, LoggedModelStatus::ready);
  EXPECT_EQ(value_of(logged_models().get(bad)).status, LoggedModelStatus::upload_failed);
}

TEST_F(LoggedModels, AreGoneFromSightWhenDeleted) {
  const ExperimentId in = experiment();
  const ModelId id = model(in).id;
  done(logged_models().remove(id));
  const Error gone = refusal_of(logged_models().get(id));
  EXPECT_EQ(gone.code, ErrorCode::not_found);
  EXPECT_THAT(gone.message, HasSubstr("Logged model with ID '" + id.str() + "' not found."));
  EXPECT_THAT(found({.experiment_ids = {in}}), IsEmpty());
}

TEST_F(LoggedModels, AreNotFoundInMlflowsWords) {
  const ModelId absent("m-00000000000000000000000000000000");
  for (const Error& error : {refusal_of(logged_models().get(absent)),
                             refusal_of(logged_models().finalize(absent, LoggedModelStatus::ready)),
                             refusal_of(logged_models().remove(absent)),
                             refusal_of(logged_models().log_params(absent, {{"k", "v"}})),
                             refusal_of(logged_models().set_tags(absent, {{"k", "v"}})),
                             refusal_of(logged_models().delete_tag(absent, "k"))}) {
    EXPECT_EQ(error.code, ErrorCode::not_found);
    EXPECT_THAT(error.message, HasSubstr("Logged model with ID '" + absent.str() + "' not found."));
  }
}

TEST_F(LoggedModels, TakeMoreParametersButNoOtherValues) {
  const ModelId id =
      value_of(logged_models().create(
                   {.experiment_id = experiment(), .name = "m", .params = {{"r", "8"}}}))
          .id;
  done(logged_models().log_params(id, {{"alpha", "16"}}));
  EXPECT_EQ(refusal_of(logged_models().log_params(id, {{"r", "9"}})).code,
            ErrorCode::invalid_argument);
  EXPECT_THAT(value_of(logged_models().get(id)).params,
              UnorderedElementsAre(Param{"r", "8"}, Param{"alpha", "16"}));
}

TEST_F(LoggedModels, TakeManyAndLongParameters) {
  std::vector<Param> params;
  for (int i = 0; i < 250; ++i) params.push_back({"p" + std::to_string(i), "v"});
  params.push_back({"long", std::string(9000, 'x')});
  const ModelId id = value_of(logged_models().create(
                                  {.experiment_id = experiment(), .name = "m", .params = params}))
                         .id;
  const LoggedModel got = value_of(logged_models().get(id));
  EXPECT_EQ(got.params.size(), 251U);
}

TEST_F(LoggedModels, KeepTheLastValueOfATag) {
  const ModelId id = model(experiment()).id;
  done(logged_models().set_tags(id, {{"a", "1"}, {"b", "1"}}));
  done(logged_models().set_tags(id, {{"a", "2"}}));
  EXPECT_THAT(value_of(logged_models().get(id)).tags,
              UnorderedElementsAre(Tag{"a", "2"}, Tag{"b", "1"}));
  done(logged_models().delete_tag(id, "a"));
  EXPECT_THAT(value_of(logged_models().get(id)).tags, ElementsAre(Tag{"b", "1"}));
  EXPECT_EQ(refusal_of(logged_models().delete_tag(id, "a")).code, ErrorCode::not_found);
}

TEST_F(LoggedModels, HaveThePointsThatRunsLogForThem) {
  const RunInfo info = new_run().info;
  const ModelId id = model(info.experiment_id).id;
  done(runs().log_batch(info.id, {.metrics = {{.key = "loss",
                                               .value = 1.5,
                                               .timestamp_ms = 2000,
                                               .step = 3,
                                               .model_id = id,
                                               .dataset_name = "corpus",
                                               .dataset_digest = "abc"},
                                              {.key = "other", .value = 1.0}}}));
  const std::vector<Metric> points = value_of(logged_models().get(id)).metrics;
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].key, "loss");
  EXPECT_EQ(points[0].value, 1.5);
  EXPECT_EQ(points[0].step, 3);
  EXPECT_EQ(points[0].timestamp_ms, 2000);
  EXPECT_EQ(points[0].run_id, info.id);
  EXPECT_EQ(points[0].dataset_name, "corpus");
}

TEST_F(LoggedModels, AreSearched) {
  const ExperimentId in = experiment();
  const ModelId plain = model(in).id;
  const ModelId tuned =
      value_of(
          logged_models().create({.experiment_id = in, .name = "tuned", .params = {{"r", "8"}}}))
          .id;
  EXPECT_THAT(found({.experiment_ids = {in}}), UnorderedElementsAre(plain, tuned));
  EXPECT_THAT(found({.experiment_ids = {in}, .filter = "name = 'tuned'"}), ElementsAre(tuned));
  EXPECT_THAT(found({.experiment_ids = {in}, .filter = "params.r = '8'"}), ElementsAre(tuned));
  EXPECT_THAT(found({.experiment_ids = {in}, .order_by = {{.field = "name"}}}),
              ElementsAre(plain, tuned));
}

TEST_F(LoggedModels, ComeInPages) {
  const ExperimentId in = experiment();
  for (int i = 0; i < 3; ++i) model(in);
  LoggedModelQuery query{.experiment_ids = {in}, .max_results = 2};
  const Page<LoggedModel> first = value_of(logged_models().search(query));
  ASSERT_EQ(first.items.size(), 2U);
  query.page_token = first.next_page_token;
  const Page<LoggedModel> last = value_of(logged_models().search(query));
  EXPECT_EQ(last.items.size(), 1U);
  EXPECT_EQ(last.next_page_token, "");
}

}  // namespace
}  // namespace liquid::tracking
