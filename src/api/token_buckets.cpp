#include "api/token_buckets.h"

#include <algorithm>

namespace liquid::api {
namespace {

std::int64_t nanoseconds(std::chrono::nanoseconds duration) { return duration.count(); }

}  // namespace

TokenBuckets::TokenBuckets(const RateLimitOptions& options)
    : interval_(nanoseconds(options.period) / std::max<std::int64_t>(options.requests, 1)),
      depth_(interval_ * options.requests),
      sets_(std::max<std::size_t>(options.max_clients / kWays, 1)),
      locks_(std::make_unique<Lock[]>(kLocks)) {}

TokenBuckets::Bucket& TokenBuckets::bucket_of(Set& set, std::uint64_t client, std::int64_t now) {
  Bucket* fullest = &set[0];
  for (Bucket& bucket : set) {
    if (bucket.client == client) return bucket;
    if (bucket.full_at < fullest->full_at) fullest = &bucket;
  }
  if (fullest->full_at > now) forced_out_.fetch_add(1, std::memory_order_relaxed);
  *fullest = {client, 0};
  return *fullest;
}

TokenBuckets::Verdict TokenBuckets::take(std::uint64_t client, Monotonic when) {
  const std::int64_t now = nanoseconds(when.time_since_epoch());
  const std::size_t index = client % sets_.size();
  const std::lock_guard lock(locks_[index % kLocks].mutex);
  Bucket& bucket = bucket_of(sets_[index], client, now);

  const std::int64_t start = std::max(bucket.full_at, now);
  const std::int64_t missing = start + interval_ - now;  // after taking one
  Verdict verdict;
  if (missing > depth_) {
    verdict.allowed = false;
    verdict.until_full = std::chrono::nanoseconds(start - now);
    verdict.retry_after = std::chrono::nanoseconds(missing - depth_);
    return verdict;
  }
  bucket.full_at = start + interval_;
  verdict.remaining = static_cast<std::uint32_t>((depth_ - missing) / interval_);
  verdict.until_full = std::chrono::nanoseconds(missing);
  return verdict;
}

}  // namespace liquid::api
