#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "tracking/artifacts/artifact_store.h"
#include "tracking/transfer/marks.h"
#include "tracking/transfer/transfer_source.h"

namespace liquid::tracking::transfer {

struct ArtifactCopy {
  ArtifactOrigin& from;
  ArtifactStore& to;
  /// MLmodel files name their run and model; these become the new ones.
  const NewIds& ids;
  /// After each file that was sent.
  std::function<void(std::uint64_t bytes)> sent;
};

/// Copies every file that the target does not have in the same size; MLmodel files always, each
/// after its folder's other files.
Result<void> copy_artifacts(const ArtifactCopy& copy);

}  // namespace liquid::tracking::transfer
