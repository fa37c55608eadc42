#include "tracking/transfer/export_format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tracking/transfer/marks.h"

namespace liquid::tracking::transfer {
namespace {

Metric point(double value) {
  return {.key = "loss", .value = value, .timestamp_ms = 1'700'000'000'000, .step = -3};
}

TEST(ExportFormat, PointsReadAsTheSameBits) {
  for (const double value : {0.1, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, -0.0, 2.0 / 49.0}) {
    const auto read = parse_point(write_point(point(value)));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(std::signbit(read->value), std::signbit(value));
    EXPECT_EQ(read->value, value);
    EXPECT_EQ(read->step, -3);
    EXPECT_EQ(read->timestamp_ms, 1'700'000'000'000);
  }
}

TEST(ExportFormat, PointsMayBeNoNumbers) {
  EXPECT_TRUE(std::isnan(parse_point(write_point(point(std::nan(""))))->value));
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(parse_point(write_point(point(-infinity)))->value, -infinity);
}

TEST(ExportFormat, BrokenPointsAreNamed) {
  for (const char* line : {"", "[]", "{\"key\":\"a\",\"value\":0.5}", "{\"value\":\"1\"}",
                           "{\"key\":\"a\",\"value\":\"1x\"}", "{\"key\":\"a\",\"value\":\"nan\"}",
                           "{\"key\":\"a\",\"value\":\"1\",\"step\":\"2\"}"}) {
    const auto read = parse_point(line);
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().code, ErrorCode::data_corrupt) << line;
  }
}

Run sample_run() {
  Run run;
  run.info.id = RunId("0123abcd");
  run.info.name = "bold-ant";
  run.info.user_id = "me";
  run.info.status = RunStatus::failed;
  run.info.start_time_ms = 5;
  run.info.end_time_ms = 0;
  run.params = {{"lr", "1e-4"}, {"text", "a\n\"b\""}};
  run.tags = {{"team", "nlp"}};
  run.metrics = {point(0.5)};
  run.dataset_inputs = {{.dataset = {.name = "qa", .digest = "d"}, .tags = {{"k", "v"}}}};
  run.model_inputs = {ModelId("m-1")};
  run.model_outputs = {{ModelId("m-2"), 7}};
  return run;
}

TEST(ExportFormat, RunsReadAsTheyWereWritten) {
  const auto run = sample_run();
  const auto read = parse_run(write_run(run));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(write_run(*read), write_run(run));
  EXPECT_EQ(read->info.end_time_ms, std::optional<std::int64_t>(0));
  EXPECT_EQ(fingerprint(*read), fingerprint(run));
}

TEST(ExportFormat, AHeadOfANewerVersionIsUnsupported) {
  ExportHead head;
  head.experiment.name = "e";
  std::string text = write_head(head);
  ASSERT_TRUE(parse_head(text));
  text.replace(text.find("\"version\":1"), 11, "\"version\":9");
  EXPECT_EQ(parse_head(text).error().code, ErrorCode::unsupported);
}

TEST(ExportFormat, IdsThatLeaveTheFolderAreRefused) {
  for (const char* id : {"", "..", "../x", "a/b", ".hidden", "a b"}) {
    EXPECT_FALSE(check_file_name(id)) << id;
    ExportHead head;
    head.experiment.name = "e";
    head.runs = {RunId(id)};
    EXPECT_EQ(parse_head(write_head(head)).error().code, ErrorCode::data_corrupt) << id;
  }
  EXPECT_TRUE(check_file_name("m-0123_x"));
}

TEST(Fingerprint, ChangesWithWhatARunHolds) {
  const auto run = sample_run();
  auto marked = run;
  marked.tags.push_back({std::string(kSourceRun), "x"});
  EXPECT_EQ(fingerprint(marked), fingerprint(run));
  auto more = run;
  more.params.push_back({"a", "b"});
  EXPECT_NE(fingerprint(more), fingerprint(run));
  auto later = run;
  later.metrics[0].step = 4;
  EXPECT_NE(fingerprint(later), fingerprint(run));
}

TEST(Translated, ReplacesWholeIdsOnly) {
  const NewIds ids = {{"abc1", "xyz9"}, {"m-12", "m-34"}};
  EXPECT_EQ(translated("runs:/abc1/x abc12 \"m-12\" m-123 abc1", ids),
            "runs:/xyz9/x abc12 \"m-34\" m-123 xyz9");
  EXPECT_EQ(translated("", ids), "");
}

}  // namespace
}  // namespace liquid::tracking::transfer
