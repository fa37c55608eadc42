#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tracking/recorder/queue_set.h"
#include "tracking/recorder/segment_files.h"

namespace liquid::tracking::recorder {

/// Fetches what threads have logged and writes it to the journal. One thread at a time, except
/// where said.
///
/// Bound: from three quarters of `max_bytes` on only every 2nd, then 4th, … 256th point of a key is
/// kept, and none at all once the bound is reached; what is not a point is always written. So a
/// long outage costs resolution before it costs the rest of a curve. Each point left out is
/// counted.
class Scribe {
 public:
  struct Limits {
    std::uint64_t max_bytes = std::uint64_t{1} << 30U;
    std::uint64_t segment_bytes = std::uint64_t{4} << 20U;
  };
  Scribe(QueueSet& queues, const KeyTable& keys, const JournalFolder& folder, Limits limits);

  /// Fetches and writes everything. Errors: unavailable, permission_denied (disk); nothing is lost,
  /// the next visit goes on where this one stopped.
  Result<void> visit();
  /// Writes the end behind everything that `visit` wrote, and waits for the disk.
  Result<void> end(const RunEnd& end);
  Result<void> sync() { return segments_.sync(); }
  Position written() const { return segments_.end(); }

  /// Any thread: points that found no memory.
  void count_dropped() noexcept { dropped_.fetch_add(1, std::memory_order_relaxed); }
  /// Any thread: delivered segments were deleted.
  void freed(std::uint64_t bytes) noexcept { disk_bytes_.fetch_sub(bytes); }
  std::uint64_t disk_bytes() const noexcept { return disk_bytes_.load(); }
  LossNote losses() const noexcept;

 private:
  Result<void> fetch(PointQueue& queue);
  Result<void> begin_frame();
  Result<void> write_frame();
  void take(const QueuedRecord& record);
  bool kept(std::uint32_t key);
  Result<void> note_losses();

  QueueSet& queues_;
  const KeyTable& keys_;
  const Limits limits_;
  SegmentWriter segments_;
  EntryWriter entries_;
  std::string unwritten_;                // a frame's payload that the disk has not taken yet
  std::vector<std::string_view> names_;  // by key
  std::vector<std::uint32_t> seen_;      // by key: points while thinning
  LossNote noted_;
  std::atomic<std::uint64_t> disk_bytes_{0};
  std::atomic<std::uint64_t> thinned_{0};
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace liquid::tracking::recorder
