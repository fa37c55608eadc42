#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cache/key.h"

namespace liquid::cache {

/// A request as its bytes came in, and who sent it: what `canonicalize` sees.
struct RawRequest {
  std::string_view tenant;
  std::string_view route;
  std::string_view content_type;
  std::string_view body;
};

/// Remembers which key a request's very bytes led to, so that the same bytes need no JSON parser
/// the next time. A memo of a pure function: forgetting is always right, and it is compared in
/// full.
///
/// Bounded: kSets × kWays requests of at most kMaxBytes each. Safe from any thread; a look-up locks
/// one stripe shared.
class AliasTable {
 public:
  static constexpr std::size_t kSets = 512;
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kMaxBytes = 4096;  ///< Longer requests are not remembered.

  explicit AliasTable(Key::Hashing hashing);

  /// The hash under which `find` and `insert` look.
  std::uint64_t hash(const RawRequest& request) const;
  /// Null when not known.
  std::shared_ptr<const Key> find(const RawRequest& request, std::uint64_t hash) const;
  void insert(const RawRequest& request, std::uint64_t hash, std::shared_ptr<const Key> key);
  void clear();

 private:
  static constexpr std::size_t kStripes = 16;

  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t content_type_size = 0;
    std::string text;  // content type, then body
    std::shared_ptr<const Key> key;

    bool holds(const RawRequest& request, std::uint64_t request_hash) const;
  };
  struct alignas(64) Stripe {
    mutable std::shared_mutex mutex;
    std::vector<std::array<Slot, kWays>> sets;  // guarded by mutex
    std::size_t next_victim = 0;                // guarded by mutex
  };

  const Key::Hashing hashing_;
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace liquid::cache
