#include "cache/flight_table.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace liquid::cache {
namespace {

using Seat = FlightTable::Seat;

class FlightTableTest : public testing::Test {
 protected:
  std::shared_ptr<Flight> flight(std::string_view canonical, Purpose purpose = Purpose::answer) {
    return std::make_shared<Flight>(
        Key({.tenant = "t", .route = "/ask", .canonical = canonical}, {&hash64, 1}), purpose,
        edition_, clearings_.mark());
  }
  FlightTable::Boarding board(std::string_view canonical, Purpose purpose = Purpose::answer) {
    return table_.board(flight(canonical, purpose), Waiter{.completion = {}});
  }

  WantedEdition edition_{sha256("epoch"), sha256("version")};
  ClearLog clearings_;
  FlightTable table_{3, clearings_};
};

TEST_F(FlightTableTest, TheFirstLeadsAndTheOthersFollow) {
  const auto leader = board("a");
  EXPECT_EQ(leader.seat, Seat::leader);
  EXPECT_EQ(board("a").seat, Seat::follower);
  EXPECT_EQ(board("b").seat, Seat::leader);
  EXPECT_EQ(table_.size(), 2U);
  const std::vector<Waiter> waiters = table_.land(*leader.flight);
  ASSERT_EQ(waiters.size(), 2U);
  EXPECT_FALSE(waiters[0].joined);
  EXPECT_TRUE(waiters[1].joined);
  EXPECT_EQ(board("a").seat, Seat::leader) << "a flight that has landed takes nobody";
}

TEST_F(FlightTableTest, RefusesMoreThanItsSeats) {
  const auto leader = board("a");
  board("a");
  board("a");
  EXPECT_EQ(board("a").seat, Seat::refused);
  EXPECT_EQ(table_.land(*leader.flight).size(), 3U);
}

TEST_F(FlightTableTest, RefreshesFlyApartFromAnswers) {
  EXPECT_EQ(board("a").seat, Seat::leader);
  EXPECT_EQ(board("a", Purpose::refresh).seat, Seat::leader);
  EXPECT_EQ(board("a", Purpose::refresh).seat, Seat::follower);
}

TEST_F(FlightTableTest, SingleFlightsAreNeverShared) {
  const auto one = board("a", Purpose::single);
  EXPECT_EQ(one.seat, Seat::leader);
  EXPECT_EQ(board("a", Purpose::single).seat, Seat::leader);
  EXPECT_FALSE(table_.is_current(*one.flight));
  EXPECT_EQ(table_.land(*one.flight).size(), 1U);
}

TEST_F(FlightTableTest, AnotherEditionNeedsAnotherFlight) {
  const auto old = board("a");
  edition_.epoch = sha256("epoch 2");
  const auto anew = board("a");
  EXPECT_EQ(anew.seat, Seat::leader);
  EXPECT_FALSE(table_.is_current(*old.flight));
  EXPECT_TRUE(table_.is_current(*anew.flight));
  EXPECT_EQ(table_.land(*old.flight).size(), 1U);
  EXPECT_TRUE(table_.is_current(*anew.flight)) << "the old one's landing does not touch the new";
  EXPECT_EQ(board("a").seat, Seat::follower);
}

TEST_F(FlightTableTest, AClearingInBetweenNeedsAnotherFlight) {
  board("a");
  clearings_.record({.tenant = "somebody else"});
  EXPECT_EQ(board("a").seat, Seat::follower);
  clearings_.record({.tenant = "t"});
  EXPECT_EQ(board("a").seat, Seat::leader);
}

}  // namespace
}  // namespace liquid::cache
