#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/guarded.h"
#include "tracking/recorder/point_queue.h"

namespace liquid::tracking::recorder {

/// The queues of one recorder, one per thread that has logged. `of_this_thread` is safe from any
/// thread, `all` is for the writer.
class QueueSet {
 public:
  explicit QueueSet(std::uint64_t max_bytes);
  ~QueueSet();
  QueueSet(const QueueSet&) = delete;
  QueueSet& operator=(const QueueSet&) = delete;

  /// The queue of the calling thread, made at its first call; null when there is no memory for it.
  /// A few nanoseconds from the second call on.
  PointQueue* of_this_thread() noexcept;
  /// All queues; those of ended threads that are empty are let go.
  std::vector<std::shared_ptr<PointQueue>> all();

 private:
  PointQueue* make_or_find() noexcept;

  const std::uint64_t serial_;  // never used twice in a process
  std::shared_ptr<BlockBudget> budget_;
  Guarded<std::vector<std::shared_ptr<PointQueue>>> queues_;
};

}  // namespace liquid::tracking::recorder
