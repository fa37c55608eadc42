#include "cache/clear_log.h"

#include <algorithm>

namespace liquid::cache {
namespace {

bool fits_scope(const ClearRequest& request, std::string_view tenant, std::string_view route) {
  if (request.tenant && *request.tenant != tenant) return false;
  return !request.route || *request.route == route;
}

bool fits_documents(const ClearRequest& request, const std::vector<std::string>& ids) {
  if (!request.document_id) return true;
  return std::find(ids.begin(), ids.end(), *request.document_id) != ids.end();
}

}  // namespace

void ClearLog::record(const ClearRequest& request) {
  requests_.with([&](std::deque<ClearRequest>& requests) {
    requests.push_back(request);
    if (requests.size() > kRemembered) requests.pop_front();
    latest_.fetch_add(1, std::memory_order_release);
  });
}

template <typename Fits>
bool ClearLog::any_since(std::uint64_t mark, Fits fits) const {
  if (latest_.load(std::memory_order_acquire) == mark) return false;
  return requests_.with([&](const std::deque<ClearRequest>& requests) {
    const std::uint64_t missed = latest_.load(std::memory_order_relaxed) - mark;
    if (missed > requests.size()) return true;
    return std::any_of(requests.end() - static_cast<std::ptrdiff_t>(missed), requests.end(), fits);
  });
}

bool ClearLog::cleared_since(std::uint64_t mark, const ClearSubject& subject) const {
  return any_since(mark, [&](const ClearRequest& request) {
    return fits_scope(request, subject.tenant, subject.route) &&
           fits_documents(request, subject.document_ids);
  });
}

bool ClearLog::may_be_cleared_since(std::uint64_t mark, std::string_view tenant,
                                    std::string_view route) const {
  return any_since(mark,
                   [&](const ClearRequest& request) { return fits_scope(request, tenant, route); });
}

}  // namespace liquid::cache
