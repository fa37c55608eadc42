#include "cache/sweeper.h"

#include <pthread.h>

#include <utility>

namespace liquid::cache {

Sweeper::Sweeper(std::chrono::milliseconds interval, std::function<void()> sweep)
    : interval_(interval), sweep_(std::move(sweep)), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "cache-sweeper");
}

Sweeper::~Sweeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_one();
  thread_.join();
}

void Sweeper::run() {
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, interval_, [this] { return stopping_; })) {
    lock.unlock();
    sweep_();
    lock.lock();
  }
}

}  // namespace liquid::cache
