#include "tracking/artifacts/parallel.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "base/guarded.h"

namespace liquid::tracking::artifacts {

Result<void> for_each_parallel(std::size_t count, std::size_t threads,
                               const std::function<Result<void>(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  Guarded<std::optional<Error>> first;
  const auto run = [&] {
    while (!failed.load()) {
      const std::size_t index = next.fetch_add(1);
      if (index >= count) return;
      Result<void> done = work(index);
      if (done) continue;
      failed.store(true);
      first.with([&done](std::optional<Error>& error) {
        if (!error) error = std::move(done).error();
      });
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min(threads, count); ++i) others.emplace_back(run);
    run();
  }
  std::optional<Error> error = first.with([](std::optional<Error>& kept) { return kept; });
  if (error) return std::move(*error);
  return {};
}

}  // namespace liquid::tracking::artifacts
