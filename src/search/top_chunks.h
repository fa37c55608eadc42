#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "search/snapshot.h"

namespace liquid::search {

/// A chunk found: `view` is an index into the snapshot's views.
struct ScoredChunk {
  std::uint32_t score = 0;
  std::uint32_t view = 0;
  std::uint32_t chunk = 0;
};

/// The best k chunks seen so far: higher score first, then smaller (document id, ordinal).
class TopChunks {
 public:
  /// `snapshot` is borrowed.
  TopChunks(const Snapshot& snapshot, std::size_t k) : snapshot_(snapshot), k_(k) {}

  /// The score below which a chunk of this view, coming after all those of it already offered, has
  /// no chance.
  std::uint32_t needed(std::uint32_t view) const {
    if (heap_.size() < k_) return 0;
    return heap_.front().score + (heap_.front().view == view ? 1 : 0);
  }

  void offer(const ScoredChunk& found) {
    const auto better = [this](const ScoredChunk& a, const ScoredChunk& b) { return before(a, b); };
    if (heap_.size() == k_) {
      if (k_ == 0 || !before(found, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.pop_back();
    }
    heap_.push_back(found);
    std::push_heap(heap_.begin(), heap_.end(), better);
  }

  /// Best first.
  std::vector<ScoredChunk> take() {
    std::sort(heap_.begin(), heap_.end(),
              [this](const ScoredChunk& a, const ScoredChunk& b) { return before(a, b); });
    return std::move(heap_);
  }

 private:
  bool before(const ScoredChunk& a, const ScoredChunk& b) const {
    if (a.score != b.score) return a.score > b.score;
    if (a.view == b.view) return a.chunk < b.chunk;
    return id_of(a) < id_of(b);  // one document never stands in two views
  }
  std::string_view id_of(const ScoredChunk& at) const {
    const Segment& segment = *snapshot_.views[at.view].segment;
    return segment.document_ids[segment.document_of(at.chunk)];
  }

  const Snapshot& snapshot_;
  std::size_t k_;
  std::vector<ScoredChunk> heap_;  // worst at the front
};

}  // namespace liquid::search
