#include "train/data/row_crew.h"

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>
#include <thread>

namespace liquid::train {
namespace {

// The caller is one of them.
std::size_t others(std::size_t threads) {
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  return threads - 1;
}

}  // namespace

RowCrew::RowCrew(std::size_t threads)
    : pool_({.name = "rows", .threads = others(threads), .max_queued = 256}) {}

void RowCrew::for_each(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::latch done(static_cast<std::ptrdiff_t>(pool_.threads()));
  for (std::size_t i = 0; i < pool_.threads(); ++i) {
    const auto task = [&] {
      run();
      done.count_down();
    };
    if (!pool_.try_submit(task)) done.count_down();
  }
  run();
  done.wait();
}

}  // namespace liquid::train
