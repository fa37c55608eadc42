#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/guarded.h"
#include "cache/cached_route.h"
#include "search/chunk_index.h"

namespace liquid::api {

/// Keeps a reading index up to date with what other processes commit, and tells the cache its
/// epoch.
///
/// Invariant: `current_epoch` gives an epoch only when that epoch belongs to the newest snapshot
/// and nothing newer is on disk; while a refresh runs it gives none. So no answer is taken for
/// current that was made from contents that a search would no longer find.
///
/// Threads: `current_epoch` costs some ns and takes no lock; `refresh_if_behind` is for workers,
/// one of them refreshes while the others wait; an own thread does the same every `poll`, so that
/// an index nobody asks stays fresh too.
class IndexFollower final : public cache::IndexState {
 public:
  /// `index` is borrowed and outlives the follower.
  IndexFollower(search::ChunkIndex& index, Digest answer_version,
                std::chrono::milliseconds poll = std::chrono::milliseconds(200));
  ~IndexFollower() override;

  bool current_epoch(Digest& epoch) const override;
  Digest answer_version() const override { return answer_version_; }

  /// Blocking (milliseconds) when there is something new, else some ns. The error is also kept for
  /// `trouble`.
  Result<void> refresh_if_behind();

  /// Of the snapshot in use, which may be a moment behind the disk; never block for longer than a
  /// copy.
  Digest epoch() const;
  search::IndexTotals totals() const;
  /// Empty, or why the last refresh failed. Never blocks.
  std::string trouble() const;

 private:
  using Words = std::array<std::uint64_t, 4>;
  struct Known {
    Digest epoch;
    search::IndexTotals totals;
    std::string trouble;
  };

  Result<void> refresh();
  void publish();
  void follow(std::chrono::milliseconds poll);

  search::ChunkIndex& index_;
  const Digest answer_version_;

  // A sequence lock: odd while the words or the index behind them change.
  std::atomic<std::uint64_t> sequence_{0};
  std::array<std::atomic<std::uint64_t>, 4> words_{};

  std::mutex refreshing_;
  Guarded<Known> known_;

  std::mutex stop_mutex_;
  std::condition_variable stop_changed_;
  bool stopping_ = false;  // guarded by stop_mutex_
  std::thread thread_;
};

}  // namespace liquid::api
