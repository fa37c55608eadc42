#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace liquid::cli {

/// Ends the process (status 0) when it has not ended by itself some time after `start`: a worker
/// that waits for a language model cannot be interrupted, and its caller has been answered already.
class ShutdownLimit {
 public:
  ShutdownLimit() = default;
  ~ShutdownLimit();
  ShutdownLimit(const ShutdownLimit&) = delete;
  ShutdownLimit& operator=(const ShutdownLimit&) = delete;

  /// Starts, or shortens, the time: `grace` and half a second for the last answers and the log.
  void start(std::chrono::milliseconds grace);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::chrono::steady_clock::time_point end_{};  // guarded by mutex_
  bool over_ = false;                            // guarded by mutex_
  std::thread thread_;                           // started under mutex_
};

}  // namespace liquid::cli
