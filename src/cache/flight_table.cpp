#include "cache/flight_table.h"

#include <utility>

namespace liquid::cache {

FlightTable::FlightTable(std::size_t max_waiters, const ClearLog& clearings)
    : max_waiters_(max_waiters), clearings_(clearings) {}

bool FlightTable::may_join(const Flight& running, const Flight& wanted) const {
  return running.edition == wanted.edition &&
         !clearings_.may_be_cleared_since(running.mark, running.key.tenant(), running.key.route());
}

FlightTable::Boarding FlightTable::board(std::shared_ptr<Flight> flight, Waiter waiter) {
  if (flight->purpose == Purpose::single) {
    flight->waiters.push_back(std::move(waiter));
    running_.fetch_add(1, std::memory_order_relaxed);
    return {.seat = Seat::leader, .flight = std::move(flight), .refused = {}};
  }
  return flights_.with([&](Flights& flights) -> Boarding {
    std::shared_ptr<Flight>& running = flights.of(flight->purpose)[flight->key];
    if (running && may_join(*running, *flight)) {
      if (running->waiters.size() >= max_waiters_) {
        return {.seat = Seat::refused, .flight = nullptr, .refused = std::move(waiter)};
      }
      waiter.joined = true;
      running->waiters.push_back(std::move(waiter));
      return {.seat = Seat::follower, .flight = running, .refused = {}};
    }
    flight->waiters.push_back(std::move(waiter));
    running = flight;
    running_.fetch_add(1, std::memory_order_relaxed);
    return {.seat = Seat::leader, .flight = std::move(flight), .refused = {}};
  });
}

bool FlightTable::is_current(const Flight& flight) const {
  if (flight.purpose == Purpose::single) return false;
  return flights_.with([&](const Flights& flights) {
    const auto& running = flights.of(flight.purpose);
    const auto found = running.find(flight.key);
    return found != running.end() && found->second.get() == &flight;
  });
}

std::vector<Waiter> FlightTable::land(Flight& flight) {
  running_.fetch_sub(1, std::memory_order_relaxed);
  if (flight.purpose == Purpose::single) return std::move(flight.waiters);
  return flights_.with([&](Flights& flights) {
    auto& running = flights.of(flight.purpose);
    const auto found = running.find(flight.key);
    if (found != running.end() && found->second.get() == &flight) running.erase(found);
    return std::move(flight.waiters);
  });
}

}  // namespace liquid::cache
