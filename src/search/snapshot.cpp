#include "search/snapshot.h"

#include <algorithm>
#include <cmath>

namespace liquid::search {

Snapshot Snapshot::of(std::vector<SegmentView> views, LengthNorm norm) {
  std::uint64_t documents = 0;
  std::uint64_t chunks = 0;
  std::uint64_t length = 0;
  for (const SegmentView& view : views) {
    documents += view.live_documents();
    chunks += view.live_chunks();
    length += view.live_length();
  }
  norm.average =
      chunks == 0 || length == 0 ? 1.0 : static_cast<double>(length) / static_cast<double>(chunks);
  return Snapshot{.views = std::move(views),
                  .generation = 0,
                  .epoch = {},
                  .documents = documents,
                  .chunks = chunks,
                  .norms = NormTable(norm)};
}

std::uint64_t Snapshot::document_frequency(std::string_view term) const {
  std::uint64_t frequency = 0;
  for (const SegmentView& view : views) {
    const std::optional<std::uint32_t> found = view.segment->find_term(term);
    if (found) frequency += view.live_frequency(*found);
  }
  return frequency;
}

double Snapshot::idf(std::uint64_t document_frequency) const {
  const auto df = static_cast<double>(document_frequency);
  const double rest = std::max(0.0, static_cast<double>(chunks) - df);
  return std::log1p((rest + 0.5) / (df + 0.5));
}

}  // namespace liquid::search
