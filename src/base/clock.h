#pragma once

#include <atomic>
#include <chrono>

namespace liquid {

using Monotonic = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

/// Where time comes from. Life times and deadlines use `monotonic()`, which no clock step can move;
/// `wall()` is for what people read. Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Monotonic monotonic() const = 0;
  virtual WallTime wall() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  Monotonic monotonic() const override;
  WallTime wall() const override;
};

/// A clock that stands still until told to move; for tests.
class ManualClock final : public Clock {
 public:
  Monotonic monotonic() const override;
  WallTime wall() const override;
  void advance(std::chrono::nanoseconds step);

 private:
  std::atomic<std::chrono::nanoseconds::rep> elapsed_{0};
};

}  // namespace liquid
