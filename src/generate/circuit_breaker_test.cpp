#include "generate/circuit_breaker.h"

#include <gtest/gtest.h>

namespace liquid::generate {
namespace {

using State = CircuitBreaker::State;
using std::chrono::seconds;

class CircuitBreakerTest : public testing::Test {
 protected:
  void fail(int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(circuit.try_enter());
      circuit.failed();
    }
  }

  ManualClock clock;
  CircuitBreaker circuit{clock, {.failures_to_open = 3, .open_for = seconds(10)}};
};

TEST_F(CircuitBreakerTest, StaysClosedBelowTheLimit) {
  fail(2);
  EXPECT_EQ(circuit.state(), State::closed);
  EXPECT_TRUE(circuit.try_enter());
}

TEST_F(CircuitBreakerTest, OpensAfterFailuresInARow) {
  fail(3);
  EXPECT_EQ(circuit.state(), State::open);
  EXPECT_FALSE(circuit.try_enter());
  EXPECT_EQ(circuit.failures_in_a_row(), 3U);
}

TEST_F(CircuitBreakerTest, ASuccessStartsTheCountAnew) {
  fail(2);
  circuit.succeeded();
  fail(2);
  EXPECT_EQ(circuit.state(), State::closed);
}

TEST_F(CircuitBreakerTest, LetsOneCallTryAfterTheWait) {
  fail(3);
  clock.advance(seconds(10));
  EXPECT_EQ(circuit.state(), State::half_open);
  EXPECT_TRUE(circuit.try_enter());
  EXPECT_FALSE(circuit.try_enter());
}

TEST_F(CircuitBreakerTest, ClosesWhenTheTrialSucceeds) {
  fail(3);
  clock.advance(seconds(10));
  ASSERT_TRUE(circuit.try_enter());
  circuit.succeeded();
  EXPECT_EQ(circuit.state(), State::closed);
  EXPECT_EQ(circuit.failures_in_a_row(), 0U);
}

TEST_F(CircuitBreakerTest, OpensAgainWhenTheTrialFails) {
  fail(3);
  clock.advance(seconds(10));
  fail(1);
  EXPECT_EQ(circuit.state(), State::open);
  clock.advance(seconds(9));
  EXPECT_FALSE(circuit.try_enter());
  clock.advance(seconds(1));
  EXPECT_TRUE(circuit.try_enter());
}

TEST_F(CircuitBreakerTest, AnAbandonedTrialLetsTheNextOneTry) {
  fail(3);
  clock.advance(seconds(10));
  ASSERT_TRUE(circuit.try_enter());
  circuit.abandoned();
  EXPECT_TRUE(circuit.try_enter());
}

}  // namespace
}  // namespace liquid::generate
