#include "tracking/rest/retry.h"

#include <gtest/gtest.h>

namespace liquid::tracking::rest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Sun, 06 Nov 1994 08:49:37 GMT
const WallTime kNow{seconds(784111777)};

TEST(Retry, IsForStatusesThatPass) {
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_TRUE(is_transient(status));
  for (const int status : {200, 400, 401, 403, 404, 409, 501}) EXPECT_FALSE(is_transient(status));
}

TEST(Backoff, StartsAtOnceAndDoubles) {
  const ServerAccess access;  // factor 2, jitter 1
  EXPECT_EQ(backoff(access, 1, 0.9), milliseconds(0));
  EXPECT_EQ(backoff(access, 2, 0), seconds(4));
  EXPECT_EQ(backoff(access, 3, 0), seconds(8));
  EXPECT_EQ(backoff(access, 3, 0.5), milliseconds(8'500));
  EXPECT_EQ(backoff(access, 6, 0), seconds(64));
}

TEST(Backoff, IsTwoMinutesAtMost) {
  const ServerAccess access;
  EXPECT_EQ(backoff(access, 7, 0.99), seconds(120));
  EXPECT_EQ(backoff(access, 2000, 0), seconds(120));
}

TEST(Backoff, IsNothingWithoutAFactorAndJitter) {
  ServerAccess access;
  access.backoff_factor = 0;
  access.backoff_jitter = 0;
  EXPECT_EQ(backoff(access, 5, 0.5), milliseconds(0));
}

TEST(RetryAfter, ReadsSecondsAndDates) {
  EXPECT_EQ(retry_after("0", kNow), milliseconds(0));
  EXPECT_EQ(retry_after("3", kNow), seconds(3));
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:49:47 GMT", kNow), seconds(10));
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 10:00:00 GMT", kNow), seconds(70 * 60 + 23));
}

TEST(RetryAfter, IsZeroForDatesThatHavePassedAndSixHoursAtMost) {
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:49:00 GMT", kNow), milliseconds(0));
  EXPECT_EQ(retry_after("Sun, 06 Nov 2094 08:49:00 GMT", kNow), seconds(6 * 3600));
  EXPECT_EQ(retry_after("99999999", kNow), seconds(6 * 3600));
}

TEST(RetryAfter, IsNothingForOtherTexts) {
  for (const std::string_view text :
       {"", "soon", "-1", "1.5", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 66 Nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT"}) {
    EXPECT_EQ(retry_after(text, kNow), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace liquid::tracking::rest
