#include "kernels/team.h"

#include <atomic>
#include <vector>

#include "kernels/peak.h"
#include "kernels/test_matrices.h"

namespace liquid::kernels {
namespace {

TEST(TeamTest, DoesEveryPartOnce) {
  for (const int threads : {1, 2, 5}) {
    Team team({.threads = threads});
    EXPECT_EQ(team.threads(), threads);
    for (const std::int64_t parts : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> done(static_cast<std::size_t>(parts));
      team.run(parts, [&](std::int64_t part, int worker) {
        EXPECT_GE(worker, 0);
        EXPECT_LT(worker, threads);
        ++done[static_cast<std::size_t>(part)];
      });
      for (const auto& count : done) EXPECT_EQ(count, 1);
    }
  }
}

TEST(TeamTest, ManyShortJobsFollowOneAnother) {
  Team team({.threads = 4});
  std::int64_t sum = 0;
  for (std::int64_t job = 0; job < 3000; ++job) {
    std::atomic<std::int64_t> own = 0;
    team.run(5, [&](std::int64_t part, int) { own += part; });
    sum += own;
  }
  EXPECT_EQ(sum, 3000 * 10);
}

TEST(TeamTest, RowsAreCutIntoGrains) {
  Team team({.threads = 2});
  std::vector<std::atomic<int>> done(103);
  team.run_rows(103, 10, [&](std::int64_t begin, std::int64_t end) {
    EXPECT_EQ(begin % 10, 0);
    EXPECT_LE(end - begin, 10);
    for (std::int64_t r = begin; r < end; ++r) ++done[static_cast<std::size_t>(r)];
  });
  for (const auto& count : done) EXPECT_EQ(count, 1);
}

TEST(TeamTest, EveryWorkerHasAScratchOfItsOwn) {
  Team team({.threads = 3});
  team.reserve_per_worker(100);
  std::vector<float*> scratch;
  for (int worker = 0; worker < 3; ++worker) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(team.worker_scratch(worker)) % 64, 0U);
    EXPECT_THAT(scratch, testing::Not(testing::Contains(team.worker_scratch(worker))));
    scratch.push_back(team.worker_scratch(worker));
  }
  EXPECT_NE(team.reserve_shared(1 << 20), nullptr);
}

TEST(TeamTest, AtLeastOneThreadIsAvailable) { EXPECT_GE(available_threads(), 1); }

TEST(PeakTest, MeasuresEveryRate) {
  Team team;
  const MachinePeak peak = measure_peak(team, std::chrono::milliseconds(1));
  EXPECT_GT(peak.fma, 0);
  for (const double rate : {peak.gemm_f32, peak.gemm_bf16, peak.gemm_nf4}) EXPECT_GT(rate, 0);
}

}  // namespace
}  // namespace liquid::kernels
