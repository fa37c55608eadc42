#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"

namespace liquid::cache {

/// Which entries to drop. An entry goes when it fits every part that is given; none given: all go.
struct ClearRequest {
  std::optional<std::string> tenant = {};
  std::optional<std::string> route = {};  ///< Path, e.g. "/search".
  std::optional<std::string> document_id = {};

  bool operator==(const ClearRequest&) const = default;
};

/// What a `ClearRequest` looks at in an entry.
struct ClearSubject {
  std::string_view tenant;
  std::string_view route;
  const std::vector<std::string>& document_ids;
};

/// Remembers the latest clearings, so that an answer whose computation began before one is not
/// stored after it. Safe from any thread.
///
/// `cleared_since` may say yes without need when more than kRemembered clearings came in between.
class ClearLog {
 public:
  static constexpr std::size_t kRemembered = 64;

  /// The moment now, to be handed to `cleared_since` later.
  std::uint64_t mark() const { return latest_.load(std::memory_order_acquire); }
  void record(const ClearRequest& request);
  /// True when a clearing after `mark` would have dropped this subject.
  bool cleared_since(std::uint64_t mark, const ClearSubject& subject) const;
  /// The same for an answer whose documents are not known yet: any document might be among them.
  bool may_be_cleared_since(std::uint64_t mark, std::string_view tenant,
                            std::string_view route) const;

 private:
  template <typename Fits>
  bool any_since(std::uint64_t mark, Fits fits) const;

  std::atomic<std::uint64_t> latest_{0};
  Guarded<std::deque<ClearRequest>> requests_;  // the newest has number latest_
};

}  // namespace liquid::cache
