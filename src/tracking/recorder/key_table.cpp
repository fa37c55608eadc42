#include "tracking/recorder/key_table.h"

#include "base/digest.h"
#include "tracking/recorder/journal_format.h"

namespace liquid::tracking::recorder {

KeyTable::Key KeyTable::State::find_or_add(std::string_view name) {
  if (const auto found = numbers.find(name); found != numbers.end()) {
    return {found->second, found->first};
  }
  if (names.size() >= kMaxKeys) return {};
  const std::string_view kept = names.emplace_back(name);
  const auto number = static_cast<std::uint32_t>(names.size() - 1);
  numbers.emplace(kept, number);
  return {number, kept};
}

ThreadKeys::Place& ThreadKeys::place_of(std::uint64_t hash, std::string_view name) {
  const std::size_t mask = places_.size() - 1;
  std::size_t at = hash & mask;
  while (places_[at].key.number != KeyTable::kNone &&
         (places_[at].hash != hash || places_[at].key.name != name)) {
    at = (at + 1) & mask;
  }
  return places_[at];
}

std::uint32_t ThreadKeys::number_of(std::string_view name, KeyTable& table) {
  const std::uint64_t hash = hash64(name);
  Place* place = &place_of(hash, name);
  if (place->key.number != KeyTable::kNone) return place->key.number;
  if (used_ * 2 >= places_.size()) {
    grow();
    place = &place_of(hash, name);
  }
  const KeyTable::Key key = table.find_or_add(name);
  if (key.number == KeyTable::kNone) return KeyTable::kNone;
  *place = Place{hash, key};
  ++used_;
  return key.number;
}

void ThreadKeys::grow() {
  std::vector<Place> before(places_.size() * 2);
  before.swap(places_);
  for (const Place& place : before) {
    if (place.key.number != KeyTable::kNone) place_of(place.hash, place.key.name) = place;
  }
}

}  // namespace liquid::tracking::recorder
