#include <cmath>
#include <limits>

#include "tracking/client/store_case_test.h"

// Experiments and runs, as every store has them.

namespace liquid::tracking {
namespace {

using ExperimentCase = StoreCase;
using RunCase = StoreCase;

TEST_F(ExperimentCase, GivesBackWhatWasCreated) {
  const std::string name = fresh("experiment");
  const ExperimentId id =
      value_of(experiments().create({.name = name, .tags = {{"team", "a"}, {"b", "ü"}}}));
  const Experiment read = value_of(experiments().get(id));
  EXPECT_EQ(read.name, name);
  EXPECT_EQ(read.stage, LifecycleStage::active);
  EXPECT_GT(read.creation_time_ms, 0);
  EXPECT_EQ(read.tags, (std::vector<Tag>{{"b", "ü"}, {"team", "a"}}));
  const auto found = value_of(experiments().find(name));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, id);
}

TEST_F(ExperimentCase, ANameIsTakenEvenByADeletedOne) {
  const std::string name = fresh("experiment");
  const ExperimentId id = value_of(experiments().create({.name = name}));
  done(experiments().remove(id));
  EXPECT_EQ(refusal_of(experiments().create({.name = name})).code, ErrorCode::conflict);
}

TEST_F(ExperimentCase, AnUnknownNameIsNothingAndAnUnknownIdIsNotFound) {
  EXPECT_FALSE(value_of(experiments().find(fresh("nobody"))));
  EXPECT_EQ(refusal_of(experiments().get(ExperimentId("123456789"))).code, ErrorCode::not_found);
}

TEST_F(ExperimentCase, DeletionTakesTheRunsAlongAndRestoringBringsThemBack) {
  const auto run = new_run();
  done(experiments().remove(run.info.experiment_id));
  EXPECT_EQ(value_of(experiments().get(run.info.experiment_id)).stage, LifecycleStage::deleted);
  EXPECT_EQ(value_of(runs().get(run.info.id)).info.stage, LifecycleStage::deleted);
  done(experiments().restore(run.info.experiment_id));
  EXPECT_EQ(value_of(runs().get(run.info.id)).info.stage, LifecycleStage::active);
}

TEST_F(ExperimentCase, ADeletedOneCannotBeRenamed) {
  const ExperimentId id = experiment();
  done(experiments().rename(id, fresh("renamed")));
  done(experiments().remove(id));
  EXPECT_FALSE(experiments().rename(id, fresh("again")));
}

TEST_F(ExperimentCase, TagsAreReplacedAndDeleted) {
  const ExperimentId id = experiment();
  done(experiments().set_tag(id, {"k", "1"}));
  done(experiments().set_tag(id, {"k", "2"}));
  EXPECT_EQ(value_of(experiments().get(id)).tags, (std::vector<Tag>{{"k", "2"}}));
  done(experiments().delete_tag(id, "k"));
  EXPECT_TRUE(value_of(experiments().get(id)).tags.empty());
}

TEST_F(RunCase, ANewOneRunsWithItsNameInATag) {
  const auto run = value_of(runs().create({.experiment_id = experiment(),
                                           .user_id = "ada",
                                           .name = "first",
                                           .start_time_ms = 1234,
                                           .tags = {{"a", "b"}}}));
  EXPECT_EQ(run.info.name, "first");
  EXPECT_EQ(run.info.user_id, "ada");
  EXPECT_EQ(run.info.status, RunStatus::running);
  EXPECT_EQ(run.info.start_time_ms, 1234);
  EXPECT_EQ(run.tags, (std::vector<Tag>{{"a", "b"}, {"mlflow.runName", "first"}}));
  EXPECT_TRUE(run.info.artifact_uri.ends_with("/" + run.info.id.str() + "/artifacts"));
}

TEST_F(RunCase, ANamelessOneGetsAName) {
  const auto run = new_run();
  EXPECT_FALSE(run.info.name.empty());
  EXPECT_LE(run.info.name.size(), 20U);
}

TEST_F(RunCase, TheNameAndItsTagFollowEachOther) {
  const RunId id = new_run().info.id;
  value_of(runs().update(id, {.status = {}, .end_time_ms = {}, .name = "by update"}));
  EXPECT_EQ(value_of(runs().get(id)).tags, (std::vector<Tag>{{"mlflow.runName", "by update"}}));
  done(runs().log_batch(id, {.metrics = {}, .params = {}, .tags = {{"mlflow.runName", "by tag"}}}));
  EXPECT_EQ(value_of(runs().get(id)).info.name, "by tag");
}

TEST_F(RunCase, EndsWithAStatusAndATime) {
  const RunId id = new_run().info.id;
  const RunInfo info =
      value_of(runs().update(id, {.status = RunStatus::finished, .end_time_ms = 2000, .name = {}}));
  EXPECT_EQ(info.status, RunStatus::finished);
  EXPECT_EQ(info.end_time_ms, 2000);
}

TEST_F(RunCase, ADeletedOneTakesNothing) {
  const RunId id = new_run().info.id;
  done(runs().remove(id));
  const Error refused =
      refusal_of(runs().log_batch(id, {.metrics = {}, .params = {}, .tags = {{"k", "v"}}}));
  EXPECT_EQ(refused.code, ErrorCode::invalid_argument);
  EXPECT_NE(refused.message.find("must be in the 'active' state"), std::string::npos);
  done(runs().restore(id));
  done(runs().log_batch(id, {.metrics = {}, .params = {}, .tags = {{"k", "v"}}}));
}

TEST_F(RunCase, AParameterIsWrittenOnce) {
  const RunId id = new_run().info.id;
  const auto with = [&](const char* value) {
    return runs().log_batch(id, {.metrics = {}, .params = {{"lr", value}}, .tags = {}});
  };
  done(with("0.1"));
  done(with("0.1"));
  const Error refused = refusal_of(with("0.2"));
  EXPECT_EQ(refused.code, ErrorCode::invalid_argument);
  EXPECT_NE(refused.message.find("Changing param values is not allowed"), std::string::npos);
  EXPECT_EQ(value_of(runs().get(id)).params, (std::vector<Param>{{"lr", "0.1"}}));
}

TEST_F(RunCase, ABatchSentTwiceLeavesEachPointOnce) {
  const RunId id = new_run().info.id;
  Batch batch;
  for (int step = 0; step < 10; ++step) {
    batch.metrics.push_back({"loss", 1.0 / (1 + step), 1000 + step, step, {}, {}, {}, {}});
  }
  done(runs().log_batch(id, batch));
  done(runs().log_batch(id, batch));
  const auto page = value_of(
      runs().metric_history({.run_id = id, .key = "loss", .max_results = {}, .page_token = {}}));
  ASSERT_EQ(page.items.size(), 10U);
  EXPECT_EQ(page.items[9].step, 9);
  EXPECT_EQ(page.items[9].value, 0.1);
}

TEST_F(RunCase, TheLatestMetricIsTheGreatestByStepThenTimeThenValue) {
  const RunId id = new_run().info.id;
  const auto log = [&](double value, std::int64_t time, std::int64_t step) {
    done(runs().log_batch(id, {.metrics = {{"m", value, time, step, {}, {}, {}, {}}}}));
  };
  log(1, 100, 5);
  log(2, 900, 4);
  EXPECT_EQ(value_of(runs().get(id)).metrics.front().value, 1);
  log(3, 101, 5);
  log(0, 101, 5);
  EXPECT_EQ(value_of(runs().get(id)).metrics.front().value, 3);
}

TEST_F(RunCase, NotANumberStaysAndInfinityIsTheLargestNumber) {
  const RunId id = new_run().info.id;
  const double infinity = std::numeric_limits<double>::infinity();
  done(runs().log_batch(id, {.metrics = {{"inf", infinity, 1, 0, {}, {}, {}, {}},
                                         {"minus", -infinity, 1, 0, {}, {}, {}, {}},
                                         {"nan", std::nan(""), 1, 0, {}, {}, {}, {}}}}));
  const auto run = value_of(runs().get(id));
  ASSERT_EQ(run.metrics.size(), 3U);
  EXPECT_EQ(run.metrics[0].value, std::numeric_limits<double>::max());
  EXPECT_EQ(run.metrics[1].value, std::numeric_limits<double>::lowest());
  EXPECT_TRUE(std::isnan(run.metrics[2].value));
}

TEST_F(RunCase, HistoryComesInPages) {
  const RunId id = new_run().info.id;
  Batch batch;
  for (int step = 0; step < 5; ++step) {
    batch.metrics.push_back({"m", 1.0 * step, 10 + step, step, {}, {}, {}, {}});
  }
  done(runs().log_batch(id, batch));
  std::vector<double> values;
  std::string token;
  do {
    const auto page = value_of(
        runs().metric_history({.run_id = id, .key = "m", .max_results = 2, .page_token = token}));
    EXPECT_LE(page.items.size(), 2U);
    for (const Metric& point : page.items) values.push_back(point.value);
    token = page.next_page_token;
  } while (!token.empty());
  EXPECT_EQ(values, (std::vector<double>{0, 1, 2, 3, 4}));
}

TEST_F(RunCase, KeepsItsDatasetsWithTheirTags) {
  const RunId id = new_run().info.id;
  const DatasetInput input{.dataset = {.name = "corpus",
                                       .digest = "abc",
                                       .source_type = "local",
                                       .source = "{}",
                                       .schema = "s",
                                       .profile = "p"},
                           .tags = {{"mlflow.data.context", "train"}}};
  done(runs().log_inputs(id, {input}, {}));
  done(runs().log_inputs(id, {input}, {}));
  const auto run = value_of(runs().get(id));
  ASSERT_EQ(run.dataset_inputs.size(), 1U);
  EXPECT_EQ(run.dataset_inputs[0].dataset.name, "corpus");
  EXPECT_EQ(run.dataset_inputs[0].dataset.profile, "p");
  EXPECT_EQ(run.dataset_inputs[0].tags, input.tags);
}

TEST_F(RunCase, BadKeysAreRefusedWithTheirPlace) {
  const RunId id = new_run().info.id;
  for (const char* key : {"a#b", "../a", "/a", "a//b", ""}) {
    EXPECT_EQ(refusal_of(runs().log_batch(id, {.metrics = {}, .params = {{key, "v"}}})).code,
              ErrorCode::invalid_argument)
        << key;
  }
}

TEST_F(RunCase, SearchFindsByMetricAndSorts) {
  const ExperimentId in = experiment();
  for (int i = 0; i < 4; ++i) {
    const RunId id = value_of(runs().create({.experiment_id = in, .start_time_ms = 1})).info.id;
    done(runs().log_batch(id, {.metrics = {{"loss", 4.0 - i, 1, 0, {}, {}, {}, {}}}}));
  }
  RunQuery query{.experiment_ids = {in},
                 .filter = "metrics.loss < 4",
                 .order_by = {"metrics.loss ASC"},
                 .max_results = 2};
  const auto first = value_of(runs().search(query));
  ASSERT_EQ(first.items.size(), 2U);
  EXPECT_EQ(first.items[0].metrics.front().value, 1);
  query.page_token = first.next_page_token;
  const auto second = value_of(runs().search(query));
  ASSERT_EQ(second.items.size(), 1U);
  EXPECT_TRUE(second.next_page_token.empty());
}

}  // namespace
}  // namespace liquid::tracking
