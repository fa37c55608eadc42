#include "train/data/shuffle.h"

#include <numeric>
#include <utility>

namespace liquid::train {
namespace {

// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014).
constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15U;

std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

class SplitMix {
 public:
  explicit SplitMix(std::uint64_t state) : state_(state) {}

  std::uint64_t next() { return mixed(state_ += kGolden); }

  // Uniform in 0 … bound − 1: draws from the incomplete last round are thrown away.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t uneven = (0 - bound) % bound;  // 2^64 mod bound
    std::uint64_t drawn = next();
    while (drawn < uneven) drawn = next();
    return drawn % bound;
  }

 private:
  std::uint64_t state_;
};

}  // namespace

std::vector<std::int32_t> shuffled_order(std::size_t count, std::uint64_t seed,
                                         std::uint64_t stream) {
  std::vector<std::int32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  SplitMix random(mixed(mixed(seed + kGolden) + stream));
  for (std::size_t left = count; left > 1; --left) {
    std::swap(order[left - 1], order[random.below(left)]);
  }
  return order;
}

}  // namespace liquid::train
