#pragma once

#include <cstddef>
#include <functional>

#include "base/worker_pool.h"

namespace liquid::train {

/// Runs a piece of work for every index of a block on several threads, the caller's with them.
class RowCrew {
 public:
  /// 0 threads: one for each processor.
  explicit RowCrew(std::size_t threads);

  /// Returns when `work` was called once for each of 0 … count − 1. `work` must not throw.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& work);

 private:
  WorkerPool pool_;
};

}  // namespace liquid::train
