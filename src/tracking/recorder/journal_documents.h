#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/recorder/journal_format.h"
#include "tracking/recorder/operation.h"
#include "tracking/recorder/process_identity.h"

// The two small files of a journal beside its segments; grammar in journal_documents.cpp.

namespace liquid::tracking::recorder {

/// What is to be recorded where; written once, before the first segment. It holds no password and
/// no token: who delivers brings their own.
struct RunPlan {
  std::string journal_id;
  std::string tracking_uri;   ///< A relative SQLite path made absolute.
  std::string artifact_root;  ///< Absolute or empty.
  std::string experiment_id;  ///< Empty: by name.
  std::string experiment_name;
  std::string resumed_run;  ///< Empty: a new run.
  std::string run_name;
  std::string user;
  std::int64_t start_time_ms = 0;
  std::int64_t heartbeat_interval_ms = 0;
  std::uint64_t salt = 0;  ///< Of the segments.
  std::vector<Tag> tags;
  ProcessIdentity owner;
};

/// What of a journal has reached the store; replaced as a whole.
struct DeliveryState {
  std::string experiment_id;
  std::string run_id;
  std::string artifact_uri;
  bool create_attempted = false;  ///< The store may have a run that we were not told of.
  Position position;              ///< Everything before it is in the store or in `uploads`.
  std::uint64_t points = 0;       ///< Delivered.
  std::uint64_t refused = 0;      ///< Entries the store will never take, noted in a file.
  std::uint64_t lost_artifacts = 0;
  std::uint64_t unreadable_bytes = 0;
  std::uint64_t next_owned_file = 0;
  std::int64_t last_time_ms = 0;  ///< The latest time of a delivered entry.
  LossNote losses;
  std::optional<RunEnd> end;  ///< The journal has been read to its end.
  std::vector<ArtifactNote> uploads;
  std::map<std::string, std::int64_t, std::less<>> last_steps;  ///< By metric key.
};

std::string encode(const RunPlan& plan);
Result<RunPlan> parse_run_plan(std::string_view bytes);
std::string encode(const DeliveryState& state);
Result<DeliveryState> parse_delivery_state(std::string_view bytes);

}  // namespace liquid::tracking::recorder
