#pragma once

#include <chrono>
#include <cstddef>

#include "base/clock.h"
#include "base/guarded.h"

namespace liquid::generate {

struct CircuitOptions {
  std::size_t failures_to_open = 5;            ///< In a row.
  std::chrono::milliseconds open_for{15'000};  ///< Then one call is let through to try.
};

/// Stops calling something that keeps failing. Closed: every call passes. Open: none does. Half
/// open: after `open_for` one call passes; its success closes the circuit, its failure opens it
/// again. Every `try_enter` that returned true must be followed by exactly one `succeeded`,
/// `failed` or `abandoned`. Safe from any thread.
class CircuitBreaker {
 public:
  enum class State { closed, open, half_open };

  /// `clock` is borrowed and outlives the breaker.
  CircuitBreaker(const Clock& clock, CircuitOptions options);

  bool try_enter();
  void succeeded();
  void failed();
  /// The call ended without telling anything about the other side.
  void abandoned();

  State state() const;
  std::size_t failures_in_a_row() const;

 private:
  struct Inside {
    std::size_t failures = 0;
    bool is_open = false;
    bool is_trying = false;
    Monotonic opened{};
  };

  const Clock& clock_;
  const CircuitOptions options_;
  Guarded<Inside> inside_;
};

}  // namespace liquid::generate
