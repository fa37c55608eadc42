#include "api/service_pages.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "api/answer_json.h"
#include "api/gpu_readings.h"

namespace liquid::api {
namespace {

TEST(ServicePages, MetricsHaveTheNamesOfBothEarlierServers) {
  Traffic::Totals totals;
  totals.requests = 8;
  totals.errors = 2;
  totals.cache_hits = 3;
  totals.cache_misses = 1;
  totals.seconds_up = 12.3456;
  totals.seconds_counted = 4.0;
  EXPECT_EQ(
      metrics_json(totals,
                   {.best_model_loss = 0.5, .total_experiments = 3, .training_hours = 1.25}),
      R"({"total_requests":8,"total_errors":2,"error_rate":25,"cache_hits":3,"cache_misses":1,)"
      R"("cache_hit_rate":75,"avg_response_time_ms":0,"min_response_time_ms":0,)"
      R"("max_response_time_ms":0,"uptime_seconds":12.35,"response_times_ms":{"avg":0,"min":0,)"
      R"("max":0,"p50":0,"p95":0,"p99":0},"requests_per_second":2,)"
      R"("best_model_loss":0.5,"total_experiments":3,"training_hours":1.25})");
}

TEST(ServicePages, RatesOfNothingAreZero) {
  const std::string json = metrics_json({}, {});
  EXPECT_NE(json.find(R"("error_rate":0,)"), std::string::npos);
  EXPECT_NE(json.find(R"("cache_hit_rate":0,)"), std::string::npos);
  EXPECT_NE(json.find(R"("requests_per_second":0)"), std::string::npos);
}

TEST(ServicePages, FiguresOfAnAbsentTrackingStoreAreNull) {
  const std::string json = metrics_json({}, {});
  EXPECT_NE(json.find(R"("best_model_loss":null,"total_experiments":null,"training_hours":null})"),
            std::string::npos);
}

TEST(ServicePages, DurationsReadLikeTheEarlierOnes) {
  EXPECT_EQ(human_duration(0), "0h 0m");
  EXPECT_EQ(human_duration(3599), "0h 59m");
  EXPECT_EQ(human_duration(26 * 3600 + 300), "26h 5m");
}

TEST(GpuReadings, NamesTheFirstDeviceTheWayBothServersDid) {
  EXPECT_EQ(gpu_json({}), R"({"available":false})");
  const double gib = 1024.0 * 1024.0 * 1024.0;
  EXPECT_EQ(gpu_json({{"Test GPU", 8 * gib, 2 * gib}, {"Second", gib, gib}}),
            R"({"available":true,"memory_used_gb":2,"memory_total_gb":8,"memory_percent":25,)"
            R"("device_count":2,"current_device":0,"device_name":"Test GPU",)"
            R"("memory_allocated_gb":2,"memory_reserved_gb":2})");
}

TEST(SystemReadings, ReadsWhatTheKernelWrites) {
  const auto proc =
      std::filesystem::temp_directory_path() / ("system_readings_test." + std::to_string(getpid()));
  std::filesystem::create_directories(proc / "self" / "fd");
  const auto write = [&proc](const char* name, const char* text) {
    std::ofstream(proc / name) << text;
  };
  write("stat", "cpu  100 0 100 800 0 0 0 0 0 0\n");
  write("meminfo", "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    250 kB\n");
  write("self/statm", "500 20 3 4 5 6 7\n");
  write("self/stat", "7 (a name) with) S 1 2 3 4 5 6 7 8 9 10 100 50 0 0\n");
  SystemReadings readings(std::chrono::hours(1), proc);
  write("stat", "cpu  150 0 150 900 0 0 0 0 0 0\n");
  readings.refresh();
  const Readings latest = readings.latest();
  EXPECT_DOUBLE_EQ(latest.cpu_percent, 50.0);
  EXPECT_DOUBLE_EQ(latest.memory_percent(), 75.0);
  EXPECT_DOUBLE_EQ(latest.process_resident_bytes,
                   20.0 * static_cast<double>(sysconf(_SC_PAGESIZE)));
  EXPECT_DOUBLE_EQ(latest.process_cpu_seconds, 150.0 / static_cast<double>(sysconf(_SC_CLK_TCK)));
  std::filesystem::remove_all(proc);
}

TEST(SystemReadings, WithoutProcEverythingIsZero) {
  const SystemReadings readings(std::chrono::hours(1), "/nowhere");
  EXPECT_EQ(readings.latest().memory_percent(), 0.0);
  EXPECT_EQ(readings.latest().process_open_files, 0u);
}

TEST(AnswerJson, WritesAnAnswer) {
  rag::Answer answer;
  answer.text = "It is \"4121\" m [1].";
  answer.sources = {"a.md > Height"};
  answer.confidence = 0.5;
  answer.context_used = 2;
  EXPECT_EQ(answer_json(answer),
            R"({"answer":"It is \"4121\" m [1].","sources":["a.md > Height"],"confidence":0.5,)"
            R"("context_used":2,"retrieval":"lexical"})");
}

TEST(AnswerJson, WritesWhatAHitHasAndNullForTheRest) {
  search::Hit full;
  full.chunk_id = "a#0";
  full.document_id = "a";
  full.path = "a.pdf";
  full.section = "S";
  full.page = 3;
  full.text = "t";
  full.relevance = 1.5;
  search::Retrieved found;
  found.list.hits = {full, {}};
  EXPECT_EQ(search_json("q", found),
            R"({"results":[{"chunk_id":"a#0","text":"t","score":1,"source":"a.pdf","section":"S",)"
            R"("document_id":"a","page":3},{"chunk_id":"","text":"","score":0,"source":"unknown",)"
            R"("section":null,"document_id":"","page":null}],"total":2,"query":"q",)"
            R"("retrieval":"lexical"})");
}

}  // namespace
}  // namespace liquid::api
