#include "train/data/packing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "train/data/shuffle.h"

namespace liquid::train {
namespace {

std::vector<std::int32_t> some_lengths(std::size_t count, std::int32_t longest,
                                       std::uint64_t seed) {
  std::vector<std::int32_t> lengths = shuffled_order(count, seed, 7);
  for (std::int32_t& length : lengths) length = length * 31 % longest + 1;
  return lengths;
}

std::vector<std::int32_t> members_of(const StepPlan& step) {
  std::vector<std::int32_t> members;
  for (const MicroBatch& batch : step) members.insert(members.end(), batch.begin(), batch.end());
  return members;
}

std::int64_t tokens_of(const MicroBatch& batch, const std::vector<std::int32_t>& lengths) {
  return std::accumulate(batch.begin(), batch.end(), std::int64_t{0},
                         [&](std::int64_t sum, std::int32_t sample) {
                           return sum + lengths[static_cast<std::size_t>(sample)];
                         });
}

class EpochPlans : public ::testing::TestWithParam<Packing> {
 protected:
  EpochOptions options_{
      .packing = GetParam(), .max_positions = 300, .batch_size = 3, .accumulation = 5, .seed = 11};
};

TEST_P(EpochPlans, HoldEverySampleOnceInStepsOfTheRightSize) {
  for (const std::size_t count : {1, 14, 15, 16, 150, 1003}) {
    const std::vector<std::int32_t> lengths = some_lengths(count, 250, count);
    const std::vector<StepPlan> plan = plan_epoch(lengths, options_, 3);
    EXPECT_EQ(plan.size(), (count + 14) / 15);
    std::multiset<std::int32_t> seen;
    for (std::size_t step = 0; step < plan.size(); ++step) {
      const std::vector<std::int32_t> members = members_of(plan[step]);
      seen.insert(members.begin(), members.end());
      EXPECT_EQ(members.size(), std::min<std::size_t>(15, count - step * 15));
      for (const MicroBatch& batch : plan[step]) EXPECT_FALSE(batch.empty());
    }
    std::multiset<std::int32_t> all;
    for (std::size_t i = 0; i < count; ++i) all.insert(static_cast<std::int32_t>(i));
    EXPECT_EQ(seen, all);
  }
}

TEST_P(EpochPlans, AreTheSameEachTimeAndOtherInEachEpochAndSeed) {
  const std::vector<std::int32_t> lengths = some_lengths(100, 250, 1);
  EXPECT_EQ(plan_epoch(lengths, options_, 2), plan_epoch(lengths, options_, 2));
  EXPECT_NE(plan_epoch(lengths, options_, 2), plan_epoch(lengths, options_, 3));
  EpochOptions other = options_;
  other.seed = 12;
  EXPECT_NE(plan_epoch(lengths, options_, 2), plan_epoch(lengths, other, 2));
}

TEST_P(EpochPlans, TakeTheSamplesOfAStepWhateverThePacking) {
  const std::vector<std::int32_t> lengths = some_lengths(100, 250, 1);
  EpochOptions other = options_;
  other.packing = GetParam() == Packing::none ? Packing::best_fit : Packing::none;
  other.max_positions = 77;
  const std::vector<StepPlan> mine = plan_epoch(lengths, options_, 0);
  const std::vector<StepPlan> theirs = plan_epoch(lengths, other, 0);
  ASSERT_EQ(mine.size(), theirs.size());
  for (std::size_t step = 0; step < mine.size(); ++step) {
    std::vector<std::int32_t> a = members_of(mine[step]);
    std::vector<std::int32_t> b = members_of(theirs[step]);
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    EXPECT_EQ(a, b);
  }
}

TEST_P(EpochPlans, AreEmptyWithoutSamples) {
  EXPECT_TRUE(plan_epoch(std::vector<std::int32_t>{}, options_, 0).empty());
}

INSTANTIATE_TEST_SUITE_P(Packings, EpochPlans, ::testing::Values(Packing::best_fit, Packing::none));

TEST(PlanEpoch, FillsNoMicroBatchBeyondItsRoomButForASampleThatIsLonger) {
  const std::vector<std::int32_t> lengths = some_lengths(2000, 400, 5);
  const EpochOptions options{.max_positions = 300, .batch_size = 4, .accumulation = 4};
  std::size_t alone = 0;
  for (const StepPlan& step : plan_epoch(lengths, options, 0)) {
    for (const MicroBatch& batch : step) {
      if (batch.size() == 1 && tokens_of(batch, lengths) > 300) ++alone;
      if (batch.size() > 1) {
        EXPECT_LE(tokens_of(batch, lengths), 300);
      }
    }
  }
  EXPECT_GT(alone, 0u);
}

// Whatever fits must not be left beside: two micro-batches of one step never fit into one, and the
// number stays within best-fit decreasing's bound of 11/9 of the best possible plus one.
TEST(PlanEpoch, PacksTightly) {
  const std::vector<std::int32_t> lengths = some_lengths(5000, 150, 9);
  const EpochOptions options{.max_positions = 512, .batch_size = 8, .accumulation = 8};
  for (const StepPlan& step : plan_epoch(lengths, options, 1)) {
    std::vector<std::int64_t> sizes;
    for (const MicroBatch& batch : step) sizes.push_back(tokens_of(batch, lengths));
    std::sort(sizes.begin(), sizes.end());
    if (sizes.size() >= 2) {
      EXPECT_GT(sizes[0] + sizes[1], 512);
    }
    const std::int64_t all = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
    const std::int64_t least = (all + 511) / 512;
    EXPECT_LE(static_cast<double>(sizes.size()), static_cast<double>(least) * 11 / 9 + 1);
  }
}

TEST(PlanEpoch, PutsASampleWhereItFitsBest) {
  const std::vector<std::int32_t> lengths = {60, 50, 40, 30, 20};
  const EpochOptions options{.max_positions = 100, .batch_size = 5, .accumulation = 1};
  const std::vector<StepPlan> plan = plan_epoch(lengths, options, 0);
  EXPECT_EQ(plan.front(), (StepPlan{{0, 2}, {1, 3, 4}}));
}

TEST(PlanEpoch, WithoutPackingTakesTheShuffledOrderInRows) {
  const std::vector<std::int32_t> lengths(10, 5);
  const EpochOptions options{.packing = Packing::none, .batch_size = 3, .accumulation = 2};
  const std::vector<StepPlan> plan = plan_epoch(lengths, options, 4);
  const std::vector<std::int32_t> order = shuffled_order(10, 42, 4);
  ASSERT_EQ(plan.size(), 2u);
  ASSERT_EQ(plan[0].size(), 2u);
  EXPECT_EQ(plan[0][0], (MicroBatch{order[0], order[1], order[2]}));
  EXPECT_EQ(plan[1][1], (MicroBatch{order[9]}));
}

// The same order on every machine and by every later version: runs are resumed by it.
TEST(ShuffledOrder, NeverChanges) {
  EXPECT_EQ(shuffled_order(8, 42, 0), (std::vector<std::int32_t>{3, 4, 7, 6, 5, 0, 1, 2}));
}

TEST(ShuffledOrder, MakesEveryOrderEquallyLikely) {
  std::map<std::vector<std::int32_t>, int> seen;
  for (std::uint64_t stream = 0; stream < 24'000; ++stream) ++seen[shuffled_order(4, 1, stream)];
  EXPECT_EQ(seen.size(), 24u);
  for (const auto& [order, times] : seen) EXPECT_NEAR(times, 1000, 160);  // 5 sigma
}

Dataset three_samples() {
  Dataset dataset;
  dataset.samples = {{{1, 2, 3}, {-100, 2, 3}}, {{4}, {-100}}, {{5, 6}, {-100, 6}}};
  return dataset;
}

TEST(MakeBatch, LaysSamplesBehindOneAnother) {
  const lfm2::Batch batch = make_batch(three_samples(), {2, 0});
  EXPECT_EQ(batch.input_ids, (std::vector<std::int32_t>{5, 6, 1, 2, 3}));
  EXPECT_EQ(batch.labels, (std::vector<std::int32_t>{-100, 6, -100, 2, 3}));
  EXPECT_EQ(batch.seq_lens, (std::vector<std::int32_t>{2, 3}));
  EXPECT_EQ(batch.trained_tokens(), 3);
  EXPECT_TRUE(batch.validate(7));
}

TEST(PlanEvaluation, HoldsEverySampleOnce) {
  EXPECT_EQ(plan_evaluation(three_samples(), 4), (StepPlan{{0, 1}, {2}}));
}

}  // namespace
}  // namespace liquid::train
