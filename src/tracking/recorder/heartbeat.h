#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tracking/recorder/process_identity.h"

namespace liquid::tracking::recorder {

/// Tag of a run: which recorder made it. Unique, so a run whose making was cut off can be found.
inline constexpr std::string_view kJournalTag = "liquid.journal_id";
/// Tag of a run that has not ended: its process lives; a `Heartbeat` as JSON.
inline constexpr std::string_view kHeartbeatTag = "liquid.heartbeat";
/// Tag of an ended run: what of it could not be kept.
inline constexpr std::string_view kLossTag = "liquid.lost";

/// {"host":"…","boot":"…","pid_space":"…","pid":1,"started":2,"time_ms":3,"interval_ms":4}
struct Heartbeat {
  ProcessIdentity process;
  std::int64_t time_ms = 0;
  std::int64_t interval_ms = 0;
};

std::string encode(const Heartbeat& heartbeat);
std::optional<Heartbeat> parse_heartbeat(std::string_view json);

}  // namespace liquid::tracking::recorder
