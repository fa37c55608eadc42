#include "generate/retry.h"

#include <gtest/gtest.h>

namespace liquid::generate {
namespace {

using std::chrono::milliseconds;

constexpr RetryOptions kOptions{
    .max_attempts = 4, .first_delay = milliseconds(100), .max_delay = milliseconds(300)};

TEST(RetryDelay, DoublesUpToTheLimit) {
  constexpr double kAlmostOne = 0.999999;
  EXPECT_EQ(retry_delay(kOptions, 1, 0.0, {}), milliseconds(50));
  EXPECT_EQ(retry_delay(kOptions, 1, kAlmostOne, {}), milliseconds(99));
  EXPECT_EQ(retry_delay(kOptions, 2, 0.0, {}), milliseconds(100));
  EXPECT_EQ(retry_delay(kOptions, 3, 0.0, {}), milliseconds(150));
}

TEST(RetryDelay, EndsAfterTheLastAttempt) {
  EXPECT_EQ(retry_delay(kOptions, 4, 0.0, {}), std::nullopt);
  EXPECT_EQ(retry_delay(kOptions, 4, 0.0, milliseconds(1)), std::nullopt);
}

TEST(RetryDelay, KeepsToWhatIsAskedUnlessItIsTooLong) {
  EXPECT_EQ(retry_delay(kOptions, 1, 0.5, milliseconds(290)), milliseconds(290));
  EXPECT_EQ(retry_delay(kOptions, 1, 0.5, milliseconds(301)), std::nullopt);
}

TEST(RetryDelay, SurvivesAbsurdAttemptNumbers) {
  const RetryOptions many{.max_attempts = 1000, .first_delay = milliseconds(1), .max_delay = {}};
  EXPECT_EQ(retry_delay(many, 900, 0.0, {}), milliseconds(0));
}

TEST(RetryAfter, ReadsSecondsOnly) {
  EXPECT_EQ(parse_retry_after("2"), milliseconds(2000));
  EXPECT_EQ(parse_retry_after("0"), milliseconds(0));
  EXPECT_EQ(parse_retry_after(""), std::nullopt);
  EXPECT_EQ(parse_retry_after("-1"), std::nullopt);
  EXPECT_EQ(parse_retry_after("2s"), std::nullopt);
  EXPECT_EQ(parse_retry_after("99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), std::nullopt);
}

}  // namespace
}  // namespace liquid::generate
