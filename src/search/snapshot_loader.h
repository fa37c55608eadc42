#pragma once

#include "base/result.h"
#include "search/snapshot.h"
#include "search/store.h"

namespace liquid::search {

/// What the store holds now, read in one transaction. Segments that `before` (may be null) has
/// already are taken from there. Errors: those of `Store`.
struct LoadedSnapshot {
  Snapshot snapshot;
  StoredState state;
};
Result<LoadedSnapshot> load_snapshot(Store& store, const LengthNorm& norm, const Snapshot* before);

}  // namespace liquid::search
