#include "cache/eviction.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <string>

#include "cache/sieve.h"

namespace liquid::cache {
namespace {

struct Named : EvictionHook {
  char name = '?';
};

/// An order over entries 'a', 'b', …, inserted alphabetically.
class Order {
 public:
  Order(EvictionPolicy policy, char last) : order_(make_eviction_order(policy)) {
    for (char name = 'a'; name <= last; ++name) add(name);
  }

  void add(char name) {
    entries_.emplace_back().name = name;
    order_->insert(entries_.back());
  }
  void touch(std::string_view names) {
    for (const char name : names) order_->touch(find(name));
  }
  void erase(char name) { order_->erase(find(name)); }
  /// Evicts until nothing is left.
  std::string evict_all() {
    std::string gone;
    while (EvictionHook* hook = order_->victim()) {
      gone.push_back(static_cast<Named*>(hook)->name);
      order_->erase(*hook);
    }
    return gone;
  }
  char evict() {
    EvictionHook* hook = order_->victim();
    order_->erase(*hook);
    return static_cast<Named*>(hook)->name;
  }
  EvictionOrder& operator*() { return *order_; }

 private:
  Named& find(char name) {
    for (Named& entry : entries_) {
      if (entry.name == name) return entry;
    }
    ADD_FAILURE() << "no entry " << name;
    return entries_.front();
  }

  std::unique_ptr<EvictionOrder> order_;
  std::deque<Named> entries_;
};

TEST(Lru, EvictsTheLeastRecentlyUsed) {
  Order order(EvictionPolicy::lru, 'd');
  order.touch("ab");
  EXPECT_EQ(order.evict_all(), "cdab");
}

TEST(Lru, MovesOnlyUnderTheExclusiveLock) {
  Order order(EvictionPolicy::lru, 'a');
  EXPECT_EQ((*order).touch_lock(), EvictionOrder::TouchLock::exclusive);
}

TEST(Sieve, EvictsInOrderOfArrivalWhenNothingWasVisited) {
  Order order(EvictionPolicy::sieve, 'd');
  EXPECT_EQ(order.evict_all(), "abcd");
}

TEST(Sieve, ForgivesVisitedEntriesOnce) {
  Order order(EvictionPolicy::sieve, 'd');
  order.touch("a");
  order.touch("c");
  // The hand: forgives a, evicts b, forgives c, evicts d, starts over.
  EXPECT_EQ(order.evict_all(), "bdac");
}

TEST(Sieve, KeepsItsHandBetweenEvictions) {
  Order order(EvictionPolicy::sieve, 'd');
  order.touch("ab");
  EXPECT_EQ(order.evict(), 'c');
  order.add('e');
  EXPECT_EQ(order.evict(), 'd');
  EXPECT_EQ(order.evict(), 'e');
  EXPECT_EQ(order.evict_all(), "ab");
}

TEST(Sieve, SurvivesTheRemovalOfTheEntryUnderItsHand) {
  Order order(EvictionPolicy::sieve, 'd');
  order.touch("a");
  EXPECT_EQ(order.evict(), 'b');  // the hand now stands at c
  order.erase('c');
  EXPECT_EQ(order.evict(), 'd');
  EXPECT_EQ(order.evict_all(), "a");
}

TEST(Sieve, OneEvictionWalksABoundedNumberOfEntries) {
  std::array<EvictionHook, std::size_t{3} * Sieve::kMaxForgiven> hooks;
  Sieve sieve;
  for (EvictionHook& hook : hooks) sieve.insert(hook);
  for (EvictionHook& hook : hooks) sieve.touch(hook);
  EXPECT_EQ(sieve.victim(), &hooks[Sieve::kMaxForgiven]);
}

TEST(EvictionOrder, HasNoVictimWhenEmpty) {
  for (const auto policy : {EvictionPolicy::sieve, EvictionPolicy::lru}) {
    Order order(policy, 'b');
    EXPECT_EQ(order.evict_all().size(), 2U);
    EXPECT_EQ((*order).victim(), nullptr);
  }
}

}  // namespace
}  // namespace liquid::cache
