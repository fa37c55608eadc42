#include "search/snapshot_loader.h"

#include <algorithm>

namespace liquid::search {
namespace {

const SegmentView* known_view(const Snapshot* before, std::int64_t id) {
  if (before == nullptr) return nullptr;
  const auto found = std::find_if(before->views.begin(), before->views.end(),
                                  [id](const SegmentView& view) { return view.id == id; });
  return found == before->views.end() ? nullptr : &*found;
}

std::uint64_t tombstones_of(const SegmentView& view) {
  return view.dead != nullptr ? view.dead->dead_documents() : 0;
}

Result<void> load_tombstones(Store& store, SegmentView& view) {
  const Result<std::vector<StoredTombstone>> stored = store.tombstones(view.id, *view.segment);
  if (!stored) return stored.error();
  auto dead = std::make_shared<Tombstones>(*view.segment);
  for (const StoredTombstone& tombstone : *stored) {
    dead->bury(*view.segment, tombstone.document, tombstone.lost);
  }
  view.dead = std::move(dead);
  return {};
}

Result<SegmentView> load_view(Store& store, const StoredSegment& stored, const LengthNorm& norm,
                              const SegmentView* known) {
  SegmentView view{stored.id, nullptr, nullptr, stored.bytes};
  if (known != nullptr) {
    view = *known;
  } else {
    Result<Segment> segment = store.segment(stored.id);
    if (!segment) return std::move(segment).error();
    if (segment->reference.unit != norm.unit) {
      return Error{ErrorCode::data_corrupt, "a segment was made with other settings"};
    }
    view.segment = std::make_shared<const Segment>(std::move(segment).value());
  }
  // Tombstones are only ever added, so an equal number means equal ones.
  if (tombstones_of(view) != stored.tombstones) {
    Result<void> loaded = load_tombstones(store, view);
    if (!loaded) return std::move(loaded).error();
  }
  return view;
}

}  // namespace

Result<LoadedSnapshot> load_snapshot(Store& store, const LengthNorm& norm, const Snapshot* before) {
  const Result<StoredState> state = store.state();
  if (!state) return state.error();
  const Result<std::vector<StoredSegment>> stored = store.segments();
  if (!stored) return stored.error();
  std::vector<SegmentView> views;
  for (const StoredSegment& segment : *stored) {
    Result<SegmentView> view = load_view(store, segment, norm, known_view(before, segment.id));
    if (!view) return std::move(view).error();
    views.push_back(std::move(view).value());
  }
  LoadedSnapshot loaded{Snapshot::of(std::move(views), norm), *state};
  loaded.snapshot.generation = state->generation;
  loaded.snapshot.epoch = state->epoch;
  return loaded;
}

}  // namespace liquid::search
