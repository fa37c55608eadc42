#include "search/merge_policy.h"

#include <algorithm>
#include <map>

namespace liquid::search {
namespace {

constexpr std::size_t kFanIn = 8;
// Below this all segments count as equally small.
constexpr std::uint64_t kFloorPostings = 32'000;
// Bounds the time of one merge (seconds) and the size of one stored blob (about 100 MB).
constexpr std::uint64_t kMaxPostings = 32'000'000;

std::uint64_t postings(const SegmentView& view) { return view.segment->posting_chunks.size(); }

unsigned level(const SegmentView& view) {
  unsigned at = 0;
  for (std::uint64_t limit = kFloorPostings; postings(view) > limit; limit *= kFanIn) ++at;
  return at;
}

bool mostly_gone(const SegmentView& view) {
  return view.dead != nullptr && view.dead->dead_documents() * 4 >= view.segment->document_count();
}

std::vector<SegmentView> smallest_first(std::vector<SegmentView> views) {
  std::stable_sort(views.begin(), views.end(), [](const SegmentView& a, const SegmentView& b) {
    return postings(a) < postings(b);
  });
  std::uint64_t total = 0;
  const auto end = std::find_if(views.begin(), views.end(), [&](const SegmentView& view) {
    total += postings(view);
    return total > kMaxPostings;
  });
  views.erase(end, views.end());
  return views;
}

}  // namespace

std::vector<SegmentView> due_for_merge(std::span<const SegmentView> views) {
  std::map<unsigned, std::vector<SegmentView>> levels;
  for (const SegmentView& view : views) levels[level(view)].push_back(view);
  for (auto& [at, members] : levels) {
    if (members.size() < kFanIn) continue;
    std::vector<SegmentView> chosen = smallest_first(std::move(members));
    // When merging has fallen behind there are more; all at once would hold them all twice.
    if (chosen.size() > kFanIn) chosen.resize(kFanIn);
    // Fewer than came together when the limit cut some off; two large ones are left as they are.
    if (chosen.size() >= kFanIn / 2) return chosen;
  }
  for (const SegmentView& view : views) {
    if (mostly_gone(view)) return {view};
  }
  return {};
}

std::vector<SegmentView> worth_joining(std::span<const SegmentView> views) {
  std::vector<SegmentView> chosen = smallest_first({views.begin(), views.end()});
  if (chosen.size() > 1) return chosen;
  for (const SegmentView& view : views) {
    if (view.dead != nullptr) return {view};
  }
  return {};
}

}  // namespace liquid::search
