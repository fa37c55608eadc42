#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "cache/clear_log.h"
#include "cache/key.h"
#include "cache/memory_store.h"
#include "cache/reply_headers.h"
#include "http/layer.h"

namespace liquid::cache {

/// Why an answer is being looked for.
enum class Purpose {
  answer,   ///< Any valid answer will do: a stored one may still be validated.
  refresh,  ///< A new one, to be stored: no-cache, or the stored one is older than max-age.
  single    ///< A new one for one request alone: no-store, or caching is off. Never shared.
};

/// One request that waits for an answer.
struct Waiter {
  http::Completion completion;
  std::string if_none_match = {};
  Verdict verdict = Verdict::miss;      ///< What X-Cache says if it has to be computed.
  Forward forward = Forward::uri_miss;  ///< And why.
  bool joined = false;                  ///< Came to a flight that was under way; set by the table.
};

/// One computation, and all who wait for it.
struct Flight {
  Flight(Key flight_key, Purpose flight_purpose, WantedEdition wanted, std::uint64_t clear_mark)
      : key(std::move(flight_key)), purpose(flight_purpose), edition(wanted), mark(clear_mark) {}

  const Key key;
  const Purpose purpose;
  const WantedEdition edition;  ///< When it started.
  const std::uint64_t mark;     ///< Of the clear log, when it started.
  std::vector<Waiter> waiters;  // guarded by the table
};

/// Equal requests that wait at the same time share one flight. Safe from any thread; calls no
/// waiter.
///
/// A request only joins a flight that could not be out of date for it: one that started under the
/// same edition, with no clearing since. Otherwise it starts a new flight, which takes the place of
/// the old one; the old one still answers those who came in time.
class FlightTable {
 public:
  enum class Seat {
    leader,    ///< The flight is new: the caller has to run it.
    follower,  ///< Somebody runs it already.
    refused    ///< `max_waiters` wait already; the waiter was not taken.
  };
  struct Boarding {
    Seat seat = Seat::refused;
    std::shared_ptr<Flight> flight = {};
    Waiter refused = {};  ///< Given back when refused.
  };

  /// `clearings` is borrowed.
  FlightTable(std::size_t max_waiters, const ClearLog& clearings);

  /// `flight` says what is wanted; it is thrown away when there is one to join.
  Boarding board(std::shared_ptr<Flight> flight, Waiter waiter);

  /// True while new requests may join: the answer may be stored. A flight of its own never has been
  /// in the table.
  bool is_current(const Flight& flight) const;

  /// Ends the flight: nobody can join any more, and those who wait are the caller's to answer.
  std::vector<Waiter> land(Flight& flight);

  /// Flights under way, those of one request alone included.
  std::size_t size() const { return running_.load(std::memory_order_relaxed); }

 private:
  struct Flights {
    std::unordered_map<Key, std::shared_ptr<Flight>> answers;
    std::unordered_map<Key, std::shared_ptr<Flight>> refreshes;

    std::unordered_map<Key, std::shared_ptr<Flight>>& of(Purpose purpose) {
      return purpose == Purpose::refresh ? refreshes : answers;
    }
    const std::unordered_map<Key, std::shared_ptr<Flight>>& of(Purpose purpose) const {
      return purpose == Purpose::refresh ? refreshes : answers;
    }
  };

  bool may_join(const Flight& running, const Flight& wanted) const;

  const std::size_t max_waiters_;
  const ClearLog& clearings_;
  Guarded<Flights> flights_;
  std::atomic<std::size_t> running_{0};
};

}  // namespace liquid::cache
