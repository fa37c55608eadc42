#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"

namespace liquid::tracking::recorder {

/// Numbers the metric keys of one recorder, so that a point carries four bytes instead of a text.
/// Safe from any thread. What it hands out lives as long as the table.
class KeyTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Key {
    std::uint32_t number = kNone;  ///< kNone: the table is full.
    std::string_view name;
  };
  Key find_or_add(std::string_view name) {
    return state_.with([name](State& state) { return state.find_or_add(name); });
  }
  /// Puts the names behind those that `names` has already.
  void complete(std::vector<std::string_view>& names) const {
    state_.with([&names](const State& state) {
      for (std::size_t i = names.size(); i < state.names.size(); ++i) {
        names.emplace_back(state.names[i]);
      }
    });
  }

 private:
  struct State {
    std::deque<std::string> names;  // a deque, so that views of them stay good
    std::unordered_map<std::string_view, std::uint32_t> numbers;
    Key find_or_add(std::string_view name);
  };
  Guarded<State> state_;
};

/// The same for one thread without a lock: an open table of the keys this thread has used. The
/// largest load is one half, so a search ends at a free place soon.
class ThreadKeys {
 public:
  /// Allocates only when the thread uses a key for the first time.
  std::uint32_t number_of(std::string_view name, KeyTable& table);

 private:
  struct Place {
    std::uint64_t hash = 0;
    KeyTable::Key key;  // free: number is kNone
  };
  void grow();
  Place& place_of(std::uint64_t hash, std::string_view name);

  std::vector<Place> places_ = std::vector<Place>(64);
  std::size_t used_ = 0;
};

}  // namespace liquid::tracking::recorder
