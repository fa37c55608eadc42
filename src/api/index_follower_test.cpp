#include "api/index_follower.h"

#include <gtest/gtest.h>

#include <functional>

namespace liquid::api {
namespace {

constexpr std::chrono::hours kNeverPoll{24};

/// An index whose contents another process replaces at will.
class FakeIndex final : public search::ChunkIndex {
 public:
  void commit_elsewhere(const Digest& epoch) {
    next_ = epoch;
    behind_ = true;
  }
  void fail_refresh(std::string message) { failure_ = std::move(message); }
  int refreshes() const { return refreshes_; }
  std::function<void()> during_refresh;

  Digest epoch() const override {
    return epoch_.with([](const Digest& epoch) { return epoch; });
  }
  bool is_behind() const override { return behind_; }
  Result<void> refresh() override {
    ++refreshes_;
    if (during_refresh) during_refresh();
    if (!failure_.empty()) return Error{ErrorCode::unavailable, failure_};
    epoch_.with([this](Digest& epoch) { epoch = next_; });
    behind_ = false;
    return {};
  }
  search::IndexTotals totals() const override { return {.documents = 3}; }

  Result<search::RankedList> search(const search::Query&) const override {
    return search::RankedList();
  }
  Result<std::vector<search::DocumentRow>> documents() const override {
    return std::vector<search::DocumentRow>();
  }
  std::optional<search::DocumentRow> document(std::string_view) const override { return {}; }
  std::vector<TermWeight> term_weights(std::string_view) const override { return {}; }
  Digest settings_digest() const override { return {}; }
  const search::Settings& settings() const override { return settings_; }
  Result<void> put(const corpus::Document&, const std::vector<corpus::Chunk>&) override {
    return {};
  }
  Result<bool> remove(std::string_view) override { return false; }
  Result<void> commit() override { return {}; }
  Result<void> merge() override { return {}; }
  Result<void> check() const override { return {}; }

 private:
  Guarded<Digest> epoch_;
  Digest next_;
  std::atomic<bool> behind_{false};
  std::string failure_;
  search::Settings settings_;
  std::atomic<int> refreshes_{0};
};

TEST(IndexFollower, TellsTheEpochWhileNothingNewerIsOnDisk) {
  FakeIndex index;
  IndexFollower follower(index, sha256("v"), kNeverPoll);
  Digest epoch = sha256("x");
  ASSERT_TRUE(follower.current_epoch(epoch));
  EXPECT_EQ(epoch, Digest{});
  EXPECT_EQ(follower.answer_version(), sha256("v"));
  EXPECT_EQ(follower.totals().documents, 3u);
}

TEST(IndexFollower, TellsNoneWhenTheIndexIsBehindAndTheNewOneAfterwards) {
  FakeIndex index;
  IndexFollower follower(index, {}, kNeverPoll);
  index.commit_elsewhere(sha256("two"));
  Digest epoch;
  EXPECT_FALSE(follower.current_epoch(epoch));
  ASSERT_TRUE(follower.refresh_if_behind());
  ASSERT_TRUE(follower.current_epoch(epoch));
  EXPECT_EQ(epoch, sha256("two"));
  EXPECT_EQ(follower.epoch(), sha256("two"));
}

TEST(IndexFollower, RefreshesOnlyWhenThereIsSomethingNew) {
  FakeIndex index;
  IndexFollower follower(index, {}, kNeverPoll);
  ASSERT_TRUE(follower.refresh_if_behind());
  EXPECT_EQ(index.refreshes(), 0);
  index.commit_elsewhere(sha256("two"));
  ASSERT_TRUE(follower.refresh_if_behind());
  ASSERT_TRUE(follower.refresh_if_behind());
  EXPECT_EQ(index.refreshes(), 1);
}

TEST(IndexFollower, TellsNoEpochWhileARefreshRuns) {
  FakeIndex index;
  IndexFollower follower(index, {}, kNeverPoll);
  bool told = true;
  index.during_refresh = [&] {
    Digest epoch;
    told = follower.current_epoch(epoch);
  };
  index.commit_elsewhere(sha256("two"));
  ASSERT_TRUE(follower.refresh_if_behind());
  EXPECT_FALSE(told);
}

TEST(IndexFollower, KeepsTheReasonWhyARefreshFailed) {
  FakeIndex index;
  IndexFollower follower(index, {}, kNeverPoll);
  index.fail_refresh("disk gone");
  index.commit_elsewhere(sha256("two"));
  EXPECT_FALSE(follower.refresh_if_behind());
  EXPECT_EQ(follower.trouble(), "disk gone");
  Digest epoch;
  EXPECT_FALSE(follower.current_epoch(epoch));
  index.fail_refresh("");
  ASSERT_TRUE(follower.refresh_if_behind());
  EXPECT_EQ(follower.trouble(), "");
}

TEST(IndexFollower, FollowsByItself) {
  FakeIndex index;
  std::mutex mutex;
  std::condition_variable refreshed;
  bool done = false;
  index.during_refresh = [&] {
    const std::lock_guard lock(mutex);
    done = true;
    refreshed.notify_all();
  };
  IndexFollower follower(index, {}, std::chrono::milliseconds(1));
  index.commit_elsewhere(sha256("two"));
  std::unique_lock lock(mutex);
  EXPECT_TRUE(refreshed.wait_for(lock, std::chrono::seconds(10), [&] { return done; }));
}

TEST(IndexFollower, NeverTellsAnEpochThatIsNoLongerTrue) {
  FakeIndex index;
  IndexFollower follower(index, {}, kNeverPoll);
  std::atomic<bool> over{false};
  std::thread reader([&] {
    Digest epoch;
    while (!over) {
      if (follower.current_epoch(epoch)) {
        // Every epoch here is a digest of one repeated byte; a mixed one was read halfway.
        for (const std::uint8_t byte : epoch.bytes) ASSERT_EQ(byte, epoch.bytes[0]);
      }
    }
  });
  for (int i = 1; i < 2000; ++i) {
    Digest next;
    next.bytes.fill(static_cast<std::uint8_t>(i));
    index.commit_elsewhere(next);
    ASSERT_TRUE(follower.refresh_if_behind());
  }
  over = true;
  reader.join();
}

}  // namespace
}  // namespace liquid::api
