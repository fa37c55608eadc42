#include "cache/counters.h"

namespace liquid::cache {

void Counters::write(CacheStats& stats) const {
  const auto answers = [this](AnswerKind kind) {
    return answers_[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
  };
  const auto evictions = [this](EvictionCause cause) {
    return evictions_[static_cast<std::size_t>(cause)].load(std::memory_order_relaxed);
  };
  stats.hits = {.fresh = answers(AnswerKind::fresh),
                .revalidated = answers(AnswerKind::revalidated),
                .joined = answers(AnswerKind::joined),
                .not_modified = answers(AnswerKind::not_modified)};
  stats.misses = answers(AnswerKind::miss);
  stats.bypasses = answers(AnswerKind::bypass);
  stats.failures = answers(AnswerKind::failure);
  stats.evictions = {.capacity_items = evictions(EvictionCause::capacity_items),
                     .capacity_bytes = evictions(EvictionCause::capacity_bytes),
                     .expired = evictions(EvictionCause::expired),
                     .replaced = evictions(EvictionCause::replaced),
                     .cleared = evictions(EvictionCause::cleared),
                     .invalidated = evictions(EvictionCause::invalidated)};
  stats.stored = stored_.load(std::memory_order_relaxed);
  stats.rejected_too_large = rejected_too_large_.load(std::memory_order_relaxed);
  stats.seconds_saved = static_cast<double>(saved_us_.load(std::memory_order_relaxed)) * 1e-6;
}

}  // namespace liquid::cache
