#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace liquid::cache {

/// A thread that calls `sweep` once per interval until it dies.
class Sweeper {
 public:
  Sweeper(std::chrono::milliseconds interval, std::function<void()> sweep);
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

 private:
  void run();

  const std::chrono::milliseconds interval_;
  const std::function<void()> sweep_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace liquid::cache
