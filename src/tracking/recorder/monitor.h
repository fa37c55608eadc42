#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace liquid::tracking::recorder {

/// A value under a lock that can be waited for. Every update wakes all who wait.
template <typename T>
class Monitor {
 public:
  Monitor() = default;
  explicit Monitor(T value) : value_(std::move(value)) {}
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  T get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  template <typename Change>
  void update(Change&& change) {
    {
      const std::lock_guard lock(mutex_);
      std::forward<Change>(change)(value_);
    }
    changed_.notify_all();
  }
  /// Whether `reached` became true within `limit` of real time.
  template <typename Predicate>
  bool wait(std::chrono::milliseconds limit, Predicate&& reached) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return reached(value_); });
  }
  /// Wakes without a change and without the lock, so it may be called where waiting is forbidden;
  /// whoever is just about to wait may miss it.
  void poke() const noexcept { changed_.notify_all(); }
  /// Until `reached`, a poke, or `limit`.
  template <typename Predicate>
  void rest(std::chrono::milliseconds limit, Predicate&& reached) const {
    std::unique_lock lock(mutex_);
    if (!reached(value_)) changed_.wait_for(lock, limit);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  T value_{};
};

}  // namespace liquid::tracking::recorder
