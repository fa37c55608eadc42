#include "tracking/recorder/scribe.h"

#include <bit>
#include <memory>
#include <utility>

#include "base/log.h"

namespace liquid::tracking::recorder {
namespace {

// Frames are the unit of delivery, and MLflow takes 1000 entries in one request.
constexpr std::size_t kFrameEntries = 1000;
constexpr std::size_t kFrameBytes = std::size_t{256} << 10U;

// Keep one point of this many of a key; 0: none.
std::uint32_t thinning(std::uint64_t bytes, std::uint64_t bound) {
  if (bytes >= bound) return 0;
  const std::uint64_t calm = bound / 4 * 3;
  if (bytes < calm) return 1;
  return 2U << (8 * (bytes - calm) / (bound - calm + 1));
}

}  // namespace

Scribe::Scribe(QueueSet& queues, const KeyTable& keys, const JournalFolder& folder, Limits limits)
    : queues_(queues), keys_(keys), limits_(limits), segments_(folder, limits.segment_bytes) {}

LossNote Scribe::losses() const noexcept {
  return {thinned_.load(std::memory_order_relaxed), dropped_.load(std::memory_order_relaxed)};
}

Result<void> Scribe::visit() {
  if (Result<void> begun = begin_frame(); !begun) return begun;
  for (const std::shared_ptr<PointQueue>& queue : queues_.all()) {
    if (Result<void> fetched = fetch(*queue); !fetched) return fetched;
  }
  if (Result<void> noted = note_losses(); !noted) return noted;
  return write_frame();
}

Result<void> Scribe::fetch(PointQueue& queue) {
  while (const QueuedRecord* record = queue.front()) {
    if (entries_.entries() >= kFrameEntries || entries_.bytes() >= kFrameBytes) {
      if (Result<void> written = write_frame(); !written) return written;
      if (Result<void> begun = begin_frame(); !begun) return begun;
    }
    take(*record);
    queue.pop();
  }
  return {};
}

void Scribe::take(const QueuedRecord& record) {
  if (const std::unique_ptr<Operation> operation = operation_of(record)) {
    entries_.add(*operation);
    return;
  }
  if (record.key >= names_.size()) keys_.complete(names_);
  if (!kept(record.key)) return;
  entries_.add({.key = record.key,
                .value = std::bit_cast<double>(record.payload),
                .time_ms = record.time_ms,
                .step = record.step},
               names_[record.key]);
}

bool Scribe::kept(std::uint32_t key) {
  const std::uint32_t one_of = thinning(disk_bytes() + entries_.bytes(), limits_.max_bytes);
  if (one_of == 1) return true;
  if (key >= seen_.size()) seen_.resize(names_.size());
  if (one_of != 0 && seen_[key]++ % one_of == 0) return true;
  thinned_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

// Also when only the disk makes difficulties: so a recovery can tell what a dead process lost.
Result<void> Scribe::note_losses() {
  const LossNote now = losses();
  if (now.thinned == noted_.thinned && now.dropped == noted_.dropped) return {};
  if (noted_.thinned == 0 && now.thinned != 0) {
    log_event(LogLevel::warning, "the journal nears its bound, points are thinned out",
              {{"bytes", static_cast<std::int64_t>(disk_bytes())},
               {"bound", static_cast<std::int64_t>(limits_.max_bytes)}});
  }
  if (noted_.dropped == 0 && now.dropped != 0) {
    log_event(LogLevel::warning, "the memory for waiting points is used up, points are dropped");
  }
  entries_.add(Operation(now));
  noted_ = now;
  return {};
}

Result<void> Scribe::begin_frame() {
  if (Result<void> written = write_frame(); !written) return written;
  const Result<SegmentWriter::Segment> segment = segments_.prepare();
  if (!segment) return segment.error();
  if (*segment == SegmentWriter::Segment::fresh) {
    entries_.new_segment();
    disk_bytes_.fetch_add(kSegmentHeaderBytes);
  }
  return {};
}

Result<void> Scribe::write_frame() {
  if (unwritten_.empty()) unwritten_ = entries_.take();
  if (unwritten_.empty()) return {};
  if (Result<void> written = segments_.append(unwritten_); !written) return written;
  disk_bytes_.fetch_add(unwritten_.size() + kFrameHeaderBytes);
  unwritten_.clear();
  return entries_.entries() == 0 ? Result<void>() : write_frame();
}

Result<void> Scribe::end(const RunEnd& end) {
  if (Result<void> begun = begin_frame(); !begun) return begun;
  entries_.add(Operation(end));
  if (Result<void> written = write_frame(); !written) return written;
  return sync();
}

}  // namespace liquid::tracking::recorder
