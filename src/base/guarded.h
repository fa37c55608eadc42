#pragma once

#include <mutex>
#include <type_traits>
#include <utility>

namespace liquid {

/// A value that can only be reached while its mutex is held. Use `with` for a few lines of work;
/// hold at most one `Guarded` at a time and do accounting (metrics, logs) after it returns.
template <typename T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  template <typename Function>
  auto with(Function&& function) {
    using Returned = std::invoke_result_t<Function, T&>;
    static_assert(!std::is_reference_v<Returned>, "a reference would outlive the lock");
    const std::lock_guard lock(mutex_);
    return std::forward<Function>(function)(value_);
  }

  template <typename Function>
  auto with(Function&& function) const {
    using Returned = std::invoke_result_t<Function, const T&>;
    static_assert(!std::is_reference_v<Returned>, "a reference would outlive the lock");
    const std::lock_guard lock(mutex_);
    return std::forward<Function>(function)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace liquid
