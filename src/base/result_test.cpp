#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace liquid {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error{ErrorCode::invalid_argument, "number: 3 is odd"};
  return number / 2;
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_EQ(half(4).value(), 2);
  EXPECT_EQ(half(3).error(), (Error{ErrorCode::invalid_argument, "number: 3 is odd"}));
}

TEST(Result, MovesOutAMoveOnlyValue) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 7);
}

TEST(Result, VoidIsSuccessUnlessGivenAnError) {
  EXPECT_TRUE(Result<void>().has_value());
  EXPECT_FALSE(Result<void>(Error{ErrorCode::unavailable, "down"}).has_value());
}

TEST(Error, TakesContextInFront) {
  Error error{ErrorCode::data_corrupt, "bad magic"};
  EXPECT_EQ(std::move(error).with_context("index.db").message, "index.db: bad magic");
}

}  // namespace
}  // namespace liquid
