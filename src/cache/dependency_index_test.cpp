#include "cache/dependency_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>

namespace liquid::cache {
namespace {

using testing::UnorderedElementsAre;

std::vector<DependencyHook*> dependants(const DependencyIndex& index, std::string_view id) {
  const auto* found = index.dependants(id);
  return found ? *found : std::vector<DependencyHook*>{};
}

TEST(DependencyIndex, KnowsWhoDependsOnADocument) {
  DependencyIndex index;
  DependencyHook one;
  DependencyHook two;
  index.insert(one, {"a", "b"});
  index.insert(two, {"b", "c", "b"});
  EXPECT_THAT(dependants(index, "a"), UnorderedElementsAre(&one));
  EXPECT_THAT(dependants(index, "b"), UnorderedElementsAre(&one, &two));
  EXPECT_TRUE(index.depends(two, "c"));
  EXPECT_FALSE(index.depends(one, "c"));
  EXPECT_EQ(index.dependants("d"), nullptr);
}

TEST(DependencyIndex, ForgetsDocumentsWithoutDependants) {
  DependencyIndex index;
  DependencyHook one;
  index.insert(one, {"a", "b"});
  index.erase(one);
  EXPECT_EQ(index.documents(), 0U);
  EXPECT_EQ(index.dependants("a"), nullptr);
  index.erase(one);
}

TEST(DependencyIndex, AgreesWithASimpleModelAfterManyChanges) {
  std::mt19937 random(5);
  DependencyIndex index;
  std::deque<DependencyHook> hooks(40);
  std::map<DependencyHook*, std::set<std::string>> model;
  for (int step = 0; step < 3000; ++step) {
    DependencyHook& hook = hooks[random() % hooks.size()];
    index.erase(hook);
    model.erase(&hook);
    if (random() % 3 != 0) {
      std::vector<std::string> ids;
      for (std::size_t i = random() % 6; i > 0; --i) ids.push_back(std::to_string(random() % 9));
      index.insert(hook, ids);
      model[&hook] = {ids.begin(), ids.end()};
    }
    for (int document = 0; document < 9; ++document) {
      std::set<DependencyHook*> expected;
      for (const auto& [entry, ids] : model) {
        if (ids.contains(std::to_string(document))) expected.insert(entry);
      }
      const auto found = dependants(index, std::to_string(document));
      ASSERT_EQ(std::set(found.begin(), found.end()), expected);
      ASSERT_EQ(found.size(), expected.size());
    }
  }
}

}  // namespace
}  // namespace liquid::cache
