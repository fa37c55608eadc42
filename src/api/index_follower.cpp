#include "api/index_follower.h"

#include <cstring>

#include "base/log.h"

namespace liquid::api {

IndexFollower::IndexFollower(search::ChunkIndex& index, Digest answer_version,
                             std::chrono::milliseconds poll)
    : index_(index), answer_version_(answer_version) {
  sequence_.fetch_add(1);
  publish();
  sequence_.fetch_add(1);
  thread_ = std::thread([this, poll] { follow(poll); });
}

IndexFollower::~IndexFollower() {
  {
    const std::lock_guard lock(stop_mutex_);
    stopping_ = true;
  }
  stop_changed_.notify_all();
  thread_.join();
}

bool IndexFollower::current_epoch(Digest& epoch) const {
  const std::uint64_t before = sequence_.load(std::memory_order_acquire);
  if (before % 2 != 0) return false;
  Words words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i] = words_[i].load(std::memory_order_acquire);
  }
  // In this order: whoever sees an index that is no longer behind also sees the sequence that the
  // refresh left.
  if (index_.is_behind()) return false;
  if (sequence_.load(std::memory_order_acquire) != before) return false;
  static_assert(sizeof(words) == sizeof(epoch.bytes));
  std::memcpy(epoch.bytes.data(), words.data(), sizeof(words));
  return true;
}

Result<void> IndexFollower::refresh_if_behind() {
  if (!index_.is_behind()) return {};
  const std::lock_guard lock(refreshing_);
  if (!index_.is_behind()) return {};
  return refresh();
}

// Called with `refreshing_` held.
Result<void> IndexFollower::refresh() {
  sequence_.fetch_add(1);
  auto refreshed = index_.refresh();
  publish();
  sequence_.fetch_add(1);
  if (refreshed) {
    log_event(LogLevel::info, "index refreshed", {{"epoch", index_.epoch().hex().substr(0, 16)}});
    known_.with([](Known& known) { known.trouble.clear(); });
    return {};
  }
  known_.with([&](Known& known) { known.trouble = refreshed.error().message; });
  return refreshed;
}

void IndexFollower::publish() {
  const Digest epoch = index_.epoch();
  Words words;
  std::memcpy(words.data(), epoch.bytes.data(), sizeof(words));
  for (std::size_t i = 0; i < words.size(); ++i) {
    words_[i].store(words[i], std::memory_order_release);
  }
  search::IndexTotals totals = index_.totals();
  known_.with([&](Known& known) {
    known.epoch = epoch;
    known.totals = totals;
  });
}

void IndexFollower::follow(std::chrono::milliseconds poll) {
  std::string told;
  std::unique_lock lock(stop_mutex_);
  while (!stop_changed_.wait_for(lock, poll, [this] { return stopping_; })) {
    lock.unlock();
    const auto refreshed = refresh_if_behind();
    const std::string trouble = refreshed ? std::string() : refreshed.error().message;
    if (!trouble.empty() && trouble != told) {
      log_event(LogLevel::error, "index refresh failed", {{"message", trouble}});
    }
    told = trouble;
    lock.lock();
  }
}

Digest IndexFollower::epoch() const {
  return known_.with([](const Known& known) { return known.epoch; });
}

search::IndexTotals IndexFollower::totals() const {
  return known_.with([](const Known& known) { return known.totals; });
}

std::string IndexFollower::trouble() const {
  return known_.with([](const Known& known) { return known.trouble; });
}

}  // namespace liquid::api
