#pragma once

#include "base/result.h"
#include "search/snapshot.h"
#include "search/store.h"

namespace liquid::search {

struct LoadedSnapshot {
  Snapshot snapshot;
  StoredState state;
};

/// What the store holds now; the caller has a transaction open, so that all of it is one state.
/// Segments that `before` (may be null) has already are taken from there. Errors: those of `Store`.
Result<LoadedSnapshot> load_snapshot(Store& store, const LengthNorm& norm, const Snapshot* before);

}  // namespace liquid::search
