#include "cache/expiry_queue.h"

#include <gtest/gtest.h>

#include <deque>

namespace liquid::cache {
namespace {

using namespace std::chrono_literals;

class ExpiryQueueTest : public testing::Test {
 protected:
  ExpiryHook& add(std::chrono::seconds created, std::chrono::seconds ttl) {
    ExpiryHook& hook = hooks_.emplace_back();
    hook.created = Monotonic(created);
    hook.expires = hook.created + ttl;
    queue_.insert(hook);
    return hook;
  }
  ExpiryHook* expired(std::chrono::seconds now) { return queue_.expired(Monotonic(now)); }
  int count_expired(std::chrono::seconds now) {
    int count = 0;
    queue_.for_each_expired(Monotonic(now), [&](const ExpiryHook&) { ++count; });
    return count;
  }

  ExpiryQueue queue_;
  std::deque<ExpiryHook> hooks_;
};

TEST_F(ExpiryQueueTest, GivesWhatHasExpiredOldestFirst) {
  ExpiryHook& first = add(0s, 10s);
  ExpiryHook& second = add(1s, 10s);
  EXPECT_EQ(expired(9s), nullptr);
  EXPECT_EQ(expired(10s), &first);
  queue_.erase(first);
  EXPECT_EQ(expired(10s), nullptr);
  EXPECT_EQ(expired(11s), &second);
}

TEST_F(ExpiryQueueTest, ALongLifeDoesNotHideAShortOne) {
  add(0s, 300s);
  ExpiryHook& brief = add(5s, 1s);
  EXPECT_EQ(expired(6s), &brief);
}

TEST_F(ExpiryQueueTest, CountsWhatHasExpired) {
  add(0s, 10s);
  add(1s, 10s);
  add(1s, 3s);
  EXPECT_EQ(count_expired(3s), 0);
  EXPECT_EQ(count_expired(4s), 1);
  EXPECT_EQ(count_expired(10s), 2);
  EXPECT_EQ(count_expired(11s), 3);
}

TEST_F(ExpiryQueueTest, ErasesFromTheMiddle) {
  add(0s, 10s);
  ExpiryHook& middle = add(1s, 10s);
  add(2s, 10s);
  queue_.erase(middle);
  EXPECT_EQ(count_expired(99s), 2);
}

}  // namespace
}  // namespace liquid::cache
