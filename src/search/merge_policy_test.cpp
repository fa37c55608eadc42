#include "search/merge_policy.h"

#include <gmock/gmock.h>

namespace liquid::search {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A view of a segment with that many postings and documents; the policy looks at nothing else.
SegmentView view_of(std::int64_t id, std::size_t postings, std::uint32_t documents = 4) {
  auto segment = std::make_shared<Segment>();
  segment->posting_chunks.resize(postings);
  segment->first_chunk.push_back(0);
  for (std::uint32_t i = 0; i < documents; ++i) {
    EXPECT_TRUE(segment->document_ids.push_back(std::to_string(i)));
    segment->first_chunk.push_back(0);
  }
  return {id, std::move(segment), nullptr, 0};
}

SegmentView with_dead(SegmentView view, std::uint32_t dead_documents) {
  auto dead = std::make_shared<Tombstones>(*view.segment);
  for (std::uint32_t i = 0; i < dead_documents; ++i) dead->bury(*view.segment, i, {});
  view.dead = std::move(dead);
  return view;
}

std::vector<std::int64_t> ids(const std::vector<SegmentView>& views) {
  std::vector<std::int64_t> found;
  found.reserve(views.size());
  for (const SegmentView& view : views) found.push_back(view.id);
  return found;
}

TEST(MergePolicy, WaitsForEightOfASize) {
  std::vector<SegmentView> views;
  for (int i = 0; i < 7; ++i) views.push_back(view_of(i, 100));
  views.push_back(view_of(7, 1'000'000));
  EXPECT_THAT(due_for_merge(views), IsEmpty());
  views.push_back(view_of(8, 20'000));  // all below the floor count as small
  EXPECT_THAT(due_for_merge(views), SizeIs(8));
}

TEST(MergePolicy, RewritesASegmentOfWhichAQuarterIsGone) {
  EXPECT_THAT(due_for_merge(std::vector{with_dead(view_of(1, 100, 8), 1)}), IsEmpty());
  EXPECT_THAT(ids(due_for_merge(std::vector{view_of(2, 9), with_dead(view_of(1, 100, 8), 2)})),
              ElementsAre(1));
}

TEST(MergePolicy, NeverMakesASegmentAboveTheLimit) {
  std::vector<SegmentView> views;
  for (int i = 0; i < 8; ++i) views.push_back(view_of(i, 6'000'000));
  EXPECT_THAT(due_for_merge(views), SizeIs(5));
}

TEST(MergePolicy, TakesTheEightSmallestWhenItHasFallenBehind) {
  std::vector<SegmentView> views;
  for (int i = 0; i < 13; ++i)
    views.push_back(view_of(i, 31'000U - 1'000U * static_cast<unsigned>(i)));
  EXPECT_THAT(ids(due_for_merge(views)), ElementsAre(12, 11, 10, 9, 8, 7, 6, 5));
}

TEST(MergePolicy, JoinsAllThatFitWhenAsked) {
  EXPECT_THAT(ids(worth_joining(std::vector{view_of(1, 500), view_of(2, 20)})), ElementsAre(2, 1));
  EXPECT_THAT(worth_joining(std::vector{view_of(1, 500)}), IsEmpty());
  EXPECT_THAT(ids(worth_joining(std::vector{with_dead(view_of(1, 500), 1)})), ElementsAre(1));
}

}  // namespace
}  // namespace liquid::search
