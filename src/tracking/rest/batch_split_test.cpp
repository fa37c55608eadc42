#include "tracking/rest/batch_split.h"

#include <gtest/gtest.h>

#include "tracking/rest/json_text.h"

namespace liquid::tracking::rest {
namespace {

const RunId kRun("r1");

Batch batch_of(std::size_t metrics, std::size_t params, std::size_t tags) {
  Batch batch;
  for (std::size_t i = 0; i < metrics; ++i) {
    batch.metrics.push_back({.key = "m", .step = static_cast<std::int64_t>(i)});
  }
  for (std::size_t i = 0; i < params; ++i) batch.params.push_back({"p" + std::to_string(i), "v"});
  for (std::size_t i = 0; i < tags; ++i) batch.tags.push_back({"t" + std::to_string(i), "v"});
  return batch;
}

std::size_t count(const boost::json::object& body, std::string_view name) {
  const auto* list = body.if_contains({name.data(), name.size()});
  return list == nullptr ? 0 : list->get_array().size();
}

std::vector<std::string> bodies_of(const Batch& batch, BatchLimits limits = {}) {
  std::vector<std::string> bodies;
  for (BatchSplit split(kRun, batch, limits); !split.done();) bodies.push_back(split.next());
  return bodies;
}

// Every entity once and in order, and no body beyond the limits.
void expect_whole(const Batch& batch, const std::vector<std::string>& bodies) {
  std::size_t params = 0;
  std::size_t tags = 0;
  std::int64_t step = 0;
  for (const std::string& text : bodies) {
    const auto body = parse_object(text);
    ASSERT_TRUE(body) << text;
    EXPECT_EQ(body->at("run_id").get_string(), "r1");
    EXPECT_LE(count(*body, "metrics"), 1000U);
    EXPECT_LE(count(*body, "params"), 100U);
    EXPECT_LE(count(*body, "tags"), 100U);
    EXPECT_LE(count(*body, "metrics") + count(*body, "params") + count(*body, "tags"), 1000U);
    if (count(*body, "metrics") > 0) {
      for (const auto& metric : body->at("metrics").get_array()) {
        EXPECT_EQ(metric.at("step").get_int64(), step++);
      }
    }
    if (count(*body, "params") > 0) {
      for (const auto& param : body->at("params").get_array()) {
        EXPECT_EQ(std::string(param.at("key").get_string()), batch.params[params++].key);
      }
    }
    if (count(*body, "tags") > 0) {
      for (const auto& tag : body->at("tags").get_array()) {
        EXPECT_EQ(std::string(tag.at("key").get_string()), batch.tags[tags++].key);
      }
    }
  }
  EXPECT_EQ(static_cast<std::size_t>(step), batch.metrics.size());
  EXPECT_EQ(params, batch.params.size());
  EXPECT_EQ(tags, batch.tags.size());
}

TEST(BatchSplit, IsNothingForAnEmptyBatch) {
  const Batch empty;
  EXPECT_TRUE(BatchSplit(kRun, empty).done());
}

TEST(BatchSplit, SendsASmallBatchAsOne) {
  Batch batch = batch_of(1, 1, 1);
  batch.metrics[0].value = 0.1;
  batch.metrics[0].timestamp_ms = 7;
  EXPECT_EQ(
      bodies_of(batch),
      std::vector<std::string>{R"({"run_id":"r1","params":[{"key":"p0","value":"v"}],)"
                               R"("tags":[{"key":"t0","value":"v"}],)"
                               R"("metrics":[{"key":"m","value":1E-1,"timestamp":7,"step":0}]})"});
}

TEST(BatchSplit, KeepsWithinTheDocumentedCounts) {
  const Batch exact = batch_of(800, 100, 100);
  EXPECT_EQ(bodies_of(exact).size(), 1U);
  expect_whole(exact, bodies_of(exact));
  const Batch large = batch_of(2'500, 250, 101);
  EXPECT_EQ(bodies_of(large).size(), 3U);
  expect_whole(large, bodies_of(large));
  const Batch metrics = batch_of(100'001, 0, 0);
  EXPECT_EQ(bodies_of(metrics).size(), 101U);
  expect_whole(metrics, bodies_of(metrics));
}

TEST(BatchSplit, KeepsBodiesUnderAMegabyte) {
  Batch batch = batch_of(10, 300, 300);
  for (Param& param : batch.params) param.value = std::string(6'000, '"');  // twice that in JSON
  for (Tag& tag : batch.tags) tag.value = std::string(8'000, 'x');
  const std::vector<std::string> bodies = bodies_of(batch);
  EXPECT_GT(bodies.size(), 5U);
  for (const std::string& body : bodies) EXPECT_LE(body.size(), 1'000'000U);
  expect_whole(batch, bodies);
}

TEST(BatchSplit, SendsWhatIsTooLargeAlone) {
  Batch batch = batch_of(0, 3, 0);
  batch.params[1].value = std::string(2'000, 'x');
  const std::vector<std::string> bodies = bodies_of(batch, {.bytes = 1'000});
  ASSERT_EQ(bodies.size(), 3U);
  EXPECT_GT(bodies[1].size(), 2'000U);
  expect_whole(batch, bodies);
}

TEST(BatchSplit, WritesWhatJsonHasNoNumberFor) {
  Batch batch = batch_of(3, 0, 1);
  batch.metrics[0].value = std::numeric_limits<double>::quiet_NaN();
  batch.metrics[1].value = std::numeric_limits<double>::infinity();
  batch.metrics[2].value = -std::numeric_limits<double>::infinity();
  batch.tags[0].value = "bad \xFF byte";
  const std::string body = bodies_of(batch).at(0);
  EXPECT_NE(body.find(R"("value":"NaN")"), std::string::npos);
  EXPECT_NE(body.find(R"("value":"Infinity")"), std::string::npos);
  EXPECT_NE(body.find(R"("value":"-Infinity")"), std::string::npos);
  EXPECT_NE(body.find("bad \xEF\xBF\xBD byte"), std::string::npos);
}

}  // namespace
}  // namespace liquid::tracking::rest
