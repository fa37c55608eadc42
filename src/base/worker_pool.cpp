#include "base/worker_pool.h"

#include <pthread.h>

#include <utility>

namespace liquid {

WorkerPool::WorkerPool(Options options) : options_(std::move(options)) {
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { run(); });
    // The kernel keeps 15 characters of a thread's name.
    pthread_setname_np(threads_.back().native_handle(), options_.name.substr(0, 15).c_str());
  }
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    accepting_ = false;
    dropping_ = true;
  }
  join();
}

bool WorkerPool::try_submit(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (!accepting_ || queue_.size() >= options_.max_queued) return false;
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void WorkerPool::drain() {
  {
    const std::lock_guard lock(mutex_);
    accepting_ = false;
  }
  join();
}

std::size_t WorkerPool::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void WorkerPool::join() {
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void WorkerPool::run() {
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !queue_.empty() || !accepting_; });
      if (dropping_ || queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace liquid
