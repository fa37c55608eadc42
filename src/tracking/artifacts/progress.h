#pragma once

#include <cstdint>
#include <memory>

#include "base/guarded.h"
#include "tracking/artifacts/artifact_store.h"

namespace liquid::tracking::artifacts {

/// Adds up what the parts of one job report and passes it on, so that `done` never falls (a part
/// that starts again is counted once) and never exceeds `total`. Any thread.
class ProgressSum {
 public:
  ProgressSum(TransferProgress told, std::uint64_t total) : told_(std::move(told)) {
    state_.with([total](State& state) { state.total = total; });
  }

  /// What one part, of one thread at a time, reports to: `done` of its own bytes. Lives no longer
  /// than this object.
  TransferProgress part() {
    return [this, reached = std::uint64_t{0}](std::uint64_t done, std::uint64_t) mutable {
      if (done <= reached) return;
      add(done - reached);
      reached = done;
    };
  }
  void add(std::uint64_t bytes) {
    state_.with([this, bytes](State& state) {
      state.done = std::min(state.done + bytes, state.total);
      if (told_) told_(state.done, state.total);
    });
  }

 private:
  struct State {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
  };
  const TransferProgress told_;  // called under the lock: that is what keeps the calls in order
  Guarded<State> state_;
};

}  // namespace liquid::tracking::artifacts
