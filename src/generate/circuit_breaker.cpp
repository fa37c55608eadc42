#include "generate/circuit_breaker.h"

namespace liquid::generate {

CircuitBreaker::CircuitBreaker(const Clock& clock, CircuitOptions options)
    : clock_(clock), options_(options) {}

bool CircuitBreaker::try_enter() {
  const Monotonic now = clock_.monotonic();
  return inside_.with([&](Inside& inside) {
    if (!inside.is_open) return true;
    if (inside.is_trying || now - inside.opened < options_.open_for) return false;
    inside.is_trying = true;
    return true;
  });
}

void CircuitBreaker::succeeded() {
  inside_.with([](Inside& inside) { inside = Inside{}; });
}

void CircuitBreaker::failed() {
  const Monotonic now = clock_.monotonic();
  inside_.with([&](Inside& inside) {
    ++inside.failures;
    const bool was_trial = inside.is_trying;
    inside.is_trying = false;
    if (!was_trial && inside.failures < options_.failures_to_open) return;
    inside.is_open = true;
    inside.opened = now;
  });
}

void CircuitBreaker::abandoned() {
  inside_.with([](Inside& inside) { inside.is_trying = false; });
}

CircuitBreaker::State CircuitBreaker::state() const {
  const Monotonic now = clock_.monotonic();
  return inside_.with([&](const Inside& inside) {
    if (!inside.is_open) return State::closed;
    return now - inside.opened < options_.open_for ? State::open : State::half_open;
  });
}

std::size_t CircuitBreaker::failures_in_a_row() const {
  return inside_.with([](const Inside& inside) { return inside.failures; });
}

}  // namespace liquid::generate
