#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include "base/result.h"
#include "tracking/recorder/delivery_unit.h"
#include "tracking/store.h"

namespace liquid::tracking::recorder {

/// Whether the same call can never succeed, whatever the store's state of health.
bool is_refusal(ErrorCode code);

/// What a store has refused of a unit.
struct Refusals {
  std::string lines;  ///< One JSON object per entry: kind, key, value, step, time_ms, reason.
  std::uint64_t count = 0;
};

/// Sends a unit so that what the store refuses does not hold up the rest: a refused batch is cut in
/// halves until the refused entries stand alone. A key with a refused point is sent on its own from
/// then on, so that it costs one request, not a search, per unit.
class BatchSender {
 public:
  /// Errors: those after which the unit is to be sent again; invalid_state when the run has been
  /// deleted, with everything else still to be delivered should it be restored.
  Result<Refusals> send(RunStore& runs, const RunId& run, const DeliveryUnit& unit);

 private:
  struct Call {
    RunStore& runs;
    const RunId& run;
    Refusals refusals;
    bool run_is_there = false;  // asked at the first refusal
  };
  Result<void> send_batch(Call& call, const Batch& batch);
  Result<void> split(Call& call, const Batch& batch);
  Result<void> check_run(Call& call);
  Result<void> accept_refusal(Call& call, const Result<void>& result, const std::string& line);
  void refuse(Call& call, const Batch& single, const Error& reason);
  Result<void> send_suspects(Call& call, Batch& suspects);
  Result<void> send_rest(Call& call, const DeliveryUnit& unit);

  std::unordered_set<std::string> suspect_keys_;
};

}  // namespace liquid::tracking::recorder
