#include "tracking/recorder/system_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tracking/recorder/process_identity.h"

namespace liquid::tracking::recorder {
namespace {

TEST(ProcText, ReadsProcessorTimes) {
  const auto times =
      parse_cpu_times("cpu  100 5 50 800 40 3 2 1 60 0\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 7\n");
  ASSERT_TRUE(times);
  EXPECT_EQ(times->total, 1001U);
  EXPECT_EQ(times->busy, 161U);
  EXPECT_TRUE(parse_cpu_times("cpu  1 2 3 4\n"));
  EXPECT_FALSE(parse_cpu_times("cpu  1 2 3\n"));
  EXPECT_FALSE(parse_cpu_times(""));
}

TEST(ProcText, ReadsMemory) {
  const auto use = parse_memory_use(
      "MemTotal:       16384 kB\nMemFree:         1024 kB\nMemAvailable:    4096 kB\n");
  ASSERT_TRUE(use);
  EXPECT_EQ(use->total, 16384.0 * 1024);
  EXPECT_EQ(use->used, 12288.0 * 1024);
  EXPECT_FALSE(parse_memory_use("MemTotal: 5 kB\n"));
}

TEST(ProcText, AddsUpAllInterfaces) {
  const auto bytes = parse_network_bytes(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
      "    lo: 1000 10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0\n"
      "  eth0:2500 20 0 0 0 0 0 0 500 30 0 0 0 0 0 0\n");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->received, 3500.0);
  EXPECT_EQ(bytes->sent, 1500.0);
  EXPECT_FALSE(parse_network_bytes("nothing\n"));
}

TEST(ProcText, FindsAStartTimeBehindAnyName) {
  EXPECT_EQ(start_ticks("12 (a) b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20"),
            777U);
  EXPECT_EQ(start_ticks("12 (x) S 1"), 0U);
  EXPECT_EQ(liveness_of(this_process()), Liveness::alive);
}

TEST(SystemMetrics, AreNamedAndCountedAsMlflowDoes) {
  MachineReadings first;
  first.cpu = CpuTimes{100, 1000};
  first.network = NetworkBytes{1e6, 2e6};
  MachineReadings now = first;
  now.cpu = CpuTimes{150, 1200};
  now.memory = MemoryUse{3e9, 4e9};
  now.network = NetworkBytes{3.5e6, 2e6};
  now.disk = MachineReadings::Disk{.used = 30e9, .available = 10e9};
  now.gpus.push_back({.name = "g",
                      .memory_total_bytes = 80e9,
                      .memory_used_bytes = 20e9,
                      .utilization_percent = 97,
                      .power_watts = 350,
                      .power_limit_watts = 700});
  using ::testing::Pair;
  EXPECT_THAT(
      system_metrics(first, first, now),
      ::testing::ElementsAre(
          Pair("cpu_utilization_percentage", 25.0), Pair("system_memory_usage_megabytes", 3000.0),
          Pair("system_memory_usage_percentage", 75.0), Pair("disk_usage_percentage", 75.0),
          Pair("disk_usage_megabytes", 30000.0), Pair("disk_available_megabytes", 10000.0),
          Pair("network_receive_megabytes", 2.5), Pair("network_transmit_megabytes", 0.0),
          Pair("gpu_0_memory_usage_percentage", 25.0),
          Pair("gpu_0_memory_usage_megabytes", 20000.0), Pair("gpu_0_utilization_percentage", 97.0),
          Pair("gpu_0_power_usage_watts", 350.0), Pair("gpu_0_power_usage_percentage", 50.0)));
}

TEST(SystemMetrics, LeaveOutWhatTheMachineDoesNotSay) {
  EXPECT_TRUE(system_metrics({}, {}, {}).empty());
}

}  // namespace
}  // namespace liquid::tracking::recorder
