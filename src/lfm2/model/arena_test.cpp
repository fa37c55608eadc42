#include "lfm2/model/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <random>
#include <vector>

namespace liquid::lfm2 {
namespace {

TEST(Arena, BlocksAreAlignedAndDoNotOverlap) {
  const auto arena = Arena::create();
  std::mt19937 random(3);
  std::map<unsigned char*, std::size_t> taken;
  std::map<unsigned char*, unsigned char> marks;
  for (int i = 0; i < 3000; ++i) {
    if (taken.size() > 40 || (!taken.empty() && random() % 3 == 0)) {
      const auto block = std::next(taken.begin(), static_cast<long>(random() % taken.size()));
      for (std::size_t at = 0; at < block->second; at += 61) {
        ASSERT_EQ(block->first[at], marks[block->first]);
      }
      arena->give_back(block->first);
      taken.erase(block);
      continue;
    }
    const std::size_t size = random() % 200000;
    auto* block = static_cast<unsigned char*>(arena->take(size));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0U);
    const auto mark = static_cast<unsigned char>(i);
    std::memset(block, mark, size);
    taken[block] = size;
    marks[block] = mark;
  }
}

TEST(Arena, UsesItsMemoryAgain) {
  const auto arena = Arena::create();
  for (int step = 0; step < 50; ++step) {
    std::vector<void*> blocks;
    for (std::size_t i = 1; i < 20; ++i) {
      blocks.push_back(arena->take((i * 7919 + static_cast<std::size_t>(step) * 64) % 900000));
    }
    for (void* block : blocks) arena->give_back(block);
  }
  EXPECT_LE(arena->high_water(), std::size_t{16} << 20);
}

}  // namespace
}  // namespace liquid::lfm2
