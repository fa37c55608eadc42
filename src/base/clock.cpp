#include "base/clock.h"

namespace liquid {

Monotonic SystemClock::monotonic() const { return std::chrono::steady_clock::now(); }

WallTime SystemClock::wall() const { return std::chrono::system_clock::now(); }

// Starts well away from zero, so that a test that subtracts a day does not meet the epoch.
constexpr std::chrono::hours kManualStart{24 * 365};

Monotonic ManualClock::monotonic() const {
  return Monotonic(kManualStart + std::chrono::nanoseconds(elapsed_.load()));
}

WallTime ManualClock::wall() const {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      kManualStart + std::chrono::nanoseconds(elapsed_.load())));
}

void ManualClock::advance(std::chrono::nanoseconds step) { elapsed_.fetch_add(step.count()); }

}  // namespace liquid
