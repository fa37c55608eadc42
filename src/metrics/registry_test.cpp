#include "metrics/registry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "metrics/prometheus_text.h"

namespace liquid::metrics {
namespace {

TEST(Counter, IsRightToTheUnitUnderManyThreads) {
  Counter counter;
  std::vector<std::thread> threads;
  threads.reserve(12);
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&counter] {
      for (int n = 0; n < 10'000; ++n) counter.add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 120'000u);
  counter.reset();
  EXPECT_EQ(counter.value(), 0u);
}

TEST(Histogram, PutsAValueOnTheBoundIntoTheBucketBelow) {
  Histogram histogram({1.0, 2.0});
  histogram.observe(1.0);
  histogram.observe(1.5);
  histogram.observe(99.0);
  const Histogram::Snapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.counts, (std::vector<std::uint64_t>{1, 1, 1}));
  EXPECT_EQ(snapshot.count, 3u);
  EXPECT_DOUBLE_EQ(snapshot.sum, 101.5);
}

TEST(Registry, GivesTheSameObjectForTheSameNameAndLabels) {
  Registry registry;
  Counter& first = registry.counter("hits_total", "Hits.", {{"route", "/ask"}});
  Counter& other = registry.counter("hits_total", "Hits.", {{"route", "/search"}});
  EXPECT_EQ(&first, &registry.counter("hits_total", "Hits.", {{"route", "/ask"}}));
  EXPECT_NE(&first, &other);
}

TEST(Registry, WritesFamiliesSortedWithHelpAndType) {
  Registry registry;
  registry.gauge("zebra", "Last.").set(0.5);
  registry.counter("ant_total", "First.", {{"kind", "red"}}).add(3);
  registry.callback(Registry::Kind::gauge, "middle", "Asked for.", {}, [] { return 7.0; });
  EXPECT_EQ(registry.prometheus_text(),
            "# HELP ant_total First.\n"
            "# TYPE ant_total counter\n"
            "ant_total{kind=\"red\"} 3\n"
            "# HELP middle Asked for.\n"
            "# TYPE middle gauge\n"
            "middle 7\n"
            "# HELP zebra Last.\n"
            "# TYPE zebra gauge\n"
            "zebra 0.5\n");
}

TEST(Registry, WritesHistogramsCumulative) {
  Registry registry;
  Histogram& histogram =
      registry.histogram("wait_seconds", "Waiting.", {0.1, 0.5}, {{"route", "/ask"}});
  for (const double value : {0.05, 0.2, 0.2, 3.0}) histogram.observe(value);
  EXPECT_EQ(registry.prometheus_text(),
            "# HELP wait_seconds Waiting.\n"
            "# TYPE wait_seconds histogram\n"
            "wait_seconds_bucket{route=\"/ask\",le=\"0.1\"} 1\n"
            "wait_seconds_bucket{route=\"/ask\",le=\"0.5\"} 3\n"
            "wait_seconds_bucket{route=\"/ask\",le=\"+Inf\"} 4\n"
            "wait_seconds_sum{route=\"/ask\"} 3.45\n"
            "wait_seconds_count{route=\"/ask\"} 4\n");
}

TEST(Registry, ResetStartsCountersAndHistogramsAgain) {
  Registry registry;
  registry.counter("a_total", "A.").add(5);
  registry.histogram("b_seconds", "B.", {1.0}).observe(0.5);
  registry.gauge("c", "C.").set(2.0);
  registry.reset();
  EXPECT_EQ(registry.counter("a_total", "A.").value(), 0u);
  EXPECT_EQ(registry.histogram("b_seconds", "B.", {1.0}).snapshot().count, 0u);
  EXPECT_EQ(registry.gauge("c", "C.").value(), 2.0);
}

TEST(Registry, ACallbackMayUseTheRegistry) {
  Registry registry;
  registry.counter("a_total", "A.").add(5);
  registry.callback(Registry::Kind::counter, "b_total", "B.", {}, [&registry] {
    return static_cast<double>(registry.counter("a_total", "A.").value());
  });
  EXPECT_NE(registry.prometheus_text().find("b_total 5\n"), std::string::npos);
}

TEST(PrometheusText, EscapesBackslashQuoteAndLineFeed) {
  EXPECT_EQ(render_labels({{"path", "a\\b\"c\nd"}}), R"(path="a\\b\"c\nd")");
  PrometheusText text;
  text.head("x", "one\\two\nthree \"four\"", "gauge");
  EXPECT_EQ(std::move(text).take(), "# HELP x one\\\\two\\nthree \"four\"\n# TYPE x gauge\n");
}

TEST(PrometheusText, WritesSpecialAndExactNumbers) {
  EXPECT_EQ(format_value(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(format_value(-std::numeric_limits<double>::infinity()), "-Inf");
  EXPECT_EQ(format_value(std::nan("")), "NaN");
  EXPECT_EQ(format_value(0.1), "0.1");
  EXPECT_EQ(format_value(1.0 / 3.0), "0.3333333333333333");
}

TEST(PrometheusText, KnowsMetricNames) {
  EXPECT_TRUE(is_metric_name("liquid_http_requests_total"));
  EXPECT_FALSE(is_metric_name("2fast"));
  EXPECT_FALSE(is_metric_name("with-dash"));
  EXPECT_FALSE(is_metric_name(""));
}

}  // namespace
}  // namespace liquid::metrics
