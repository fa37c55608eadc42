#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace liquid {

/// A fixed number of named threads over one bounded queue. Blocking work runs here, never on an I/O
/// thread. Work must not throw: what can fail returns a Result inside the work.
///
/// Invariants: at most `max_queued` pieces of work wait; after `stop()` none starts.
class WorkerPool {
 public:
  struct Options {
    std::string name = "worker";
    std::size_t threads = 1;
    std::size_t max_queued = 256;
  };

  explicit WorkerPool(Options options);
  /// Finishes the work that is running, drops what waits.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False when the queue is full or the pool is stopping; `work` was not taken then.
  [[nodiscard]] bool try_submit(std::function<void()> work);

  /// Takes no more work, waits for running and waiting work to end.
  void drain();

  std::size_t queued() const;
  std::size_t threads() const { return threads_.size(); }

 private:
  void run();
  void join();

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  bool accepting_ = true;                    // guarded by mutex_
  bool dropping_ = false;                    // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace liquid
