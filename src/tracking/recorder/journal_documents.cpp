#include "tracking/recorder/journal_documents.h"

#include "tracking/recorder/byte_codec.h"

// The payloads of the documents "run" and "state" (the frame around them: journal_format.cpp).
//
//   run    := version:u8 journal_id tracking_uri artifact_root experiment_id experiment_name
//             resumed_run run_name user start_time:zigzag heartbeat_ms:zigzag salt:u64
//             count:varint (key value)* host boot pid_space pid:zigzag started:varint
//   state  := version:u8 experiment_id run_id artifact_uri attempted:u8 segment:varint
//   offset:varint
//             points refused lost_artifacts unreadable next_owned (each varint) last_time:zigzag
//             thinned:varint dropped:varint ended:u8 status:u8 end_time:zigzag
//             count:varint (local_path artifact_path shape:u8)*
//             count:varint (key step:zigzag)*
//
// Names without a type are texts. Both versions are 1.

namespace liquid::tracking::recorder {
namespace {

constexpr std::string_view kRunMagic = "LQDRUN\r\n";
constexpr std::string_view kStateMagic = "LQDSTA\r\n";
constexpr std::uint8_t kVersion = 1;

Error not_well_formed(std::string_view what) {
  return Error{ErrorCode::data_corrupt, std::string(what) + " is not well formed"};
}

Result<ByteReader> open(std::string_view magic, std::string_view bytes) {
  const Result<std::string_view> payload = parse_document(magic, bytes);
  if (!payload) return payload.error();
  ByteReader in(*payload);
  const std::uint8_t version = in.byte();
  if (version == kVersion) return in;
  return Error{ErrorCode::unsupported, "version " + std::to_string(version) +
                                           ", this program knows version " +
                                           std::to_string(kVersion)};
}

void put(ByteWriter& out, const ProcessIdentity& process) {
  out.text(process.host);
  out.text(process.boot);
  out.text(process.pid_space);
  out.zigzag(process.pid);
  out.varint(process.started);
}

ProcessIdentity take_process(ByteReader& in) {
  ProcessIdentity process;
  process.host = in.string();
  process.boot = in.string();
  process.pid_space = in.string();
  process.pid = in.zigzag();
  process.started = in.varint();
  return process;
}

void take_progress(ByteReader& in, DeliveryState& state) {
  state.create_attempted = in.byte() != 0;
  state.position.segment = in.varint();
  state.position.offset = in.varint();
  for (std::uint64_t* count : {&state.points, &state.refused, &state.lost_artifacts,
                               &state.unreadable_bytes, &state.next_owned_file}) {
    *count = in.varint();
  }
  state.last_time_ms = in.zigzag();
  state.losses.thinned = in.varint();
  state.losses.dropped = in.varint();
}

// False when the status is none.
bool take_end(ByteReader& in, DeliveryState& state) {
  const bool ended = in.byte() != 0;
  const std::uint8_t status = in.byte();
  const std::int64_t time_ms = in.zigzag();
  if (status > static_cast<std::uint8_t>(RunStatus::killed)) return false;
  if (ended) state.end = RunEnd{static_cast<RunStatus>(status), time_ms};
  return true;
}

bool take_uploads(ByteReader& in, DeliveryState& state) {
  for (std::uint64_t left = in.varint(); left > 0 && !in.failed(); --left) {
    ArtifactNote note;
    note.local_path = in.string();
    note.artifact_path = in.string();
    const std::uint8_t shape = in.byte();
    if (shape > static_cast<std::uint8_t>(ArtifactNote::Shape::owned)) return false;
    note.shape = static_cast<ArtifactNote::Shape>(shape);
    state.uploads.push_back(std::move(note));
  }
  return true;
}

}  // namespace

std::string encode(const RunPlan& plan) {
  std::string payload;
  ByteWriter out(payload);
  out.byte(kVersion);
  for (const std::string* text :
       {&plan.journal_id, &plan.tracking_uri, &plan.artifact_root, &plan.experiment_id,
        &plan.experiment_name, &plan.resumed_run, &plan.run_name, &plan.user}) {
    out.text(*text);
  }
  out.zigzag(plan.start_time_ms);
  out.zigzag(plan.heartbeat_interval_ms);
  out.fixed(plan.salt);
  out.varint(plan.tags.size());
  for (const Tag& tag : plan.tags) {
    out.text(tag.key);
    out.text(tag.value);
  }
  put(out, plan.owner);
  return document(kRunMagic, payload);
}

Result<RunPlan> parse_run_plan(std::string_view bytes) {
  Result<ByteReader> opened = open(kRunMagic, bytes);
  if (!opened) return std::move(opened).error();
  ByteReader& in = *opened;
  RunPlan plan;
  for (std::string* text :
       {&plan.journal_id, &plan.tracking_uri, &plan.artifact_root, &plan.experiment_id,
        &plan.experiment_name, &plan.resumed_run, &plan.run_name, &plan.user}) {
    *text = in.string();
  }
  plan.start_time_ms = in.zigzag();
  plan.heartbeat_interval_ms = in.zigzag();
  plan.salt = in.fixed<std::uint64_t>();
  for (std::uint64_t left = in.varint(); left > 0 && !in.failed(); --left) {
    std::string key = in.string();
    plan.tags.push_back({std::move(key), in.string()});
  }
  plan.owner = take_process(in);
  if (in.failed() || !in.done()) return not_well_formed("run");
  return plan;
}

std::string encode(const DeliveryState& state) {
  std::string payload;
  ByteWriter out(payload);
  out.byte(kVersion);
  out.text(state.experiment_id);
  out.text(state.run_id);
  out.text(state.artifact_uri);
  out.byte(state.create_attempted ? 1 : 0);
  for (const std::uint64_t number :
       {state.position.segment, state.position.offset, state.points, state.refused,
        state.lost_artifacts, state.unreadable_bytes, state.next_owned_file}) {
    out.varint(number);
  }
  out.zigzag(state.last_time_ms);
  out.varint(state.losses.thinned);
  out.varint(state.losses.dropped);
  const RunEnd end = state.end.value_or(RunEnd{});
  out.byte(state.end ? 1 : 0);
  out.byte(static_cast<std::uint8_t>(end.status));
  out.zigzag(end.time_ms);
  out.varint(state.uploads.size());
  for (const ArtifactNote& note : state.uploads) {
    out.text(note.local_path);
    out.text(note.artifact_path);
    out.byte(static_cast<std::uint8_t>(note.shape));
  }
  out.varint(state.last_steps.size());
  for (const auto& [key, step] : state.last_steps) {
    out.text(key);
    out.zigzag(step);
  }
  return document(kStateMagic, payload);
}

Result<DeliveryState> parse_delivery_state(std::string_view bytes) {
  Result<ByteReader> opened = open(kStateMagic, bytes);
  if (!opened) return std::move(opened).error();
  ByteReader& in = *opened;
  DeliveryState state;
  state.experiment_id = in.string();
  state.run_id = in.string();
  state.artifact_uri = in.string();
  take_progress(in, state);
  if (!take_end(in, state) || !take_uploads(in, state)) return not_well_formed("state");
  for (std::uint64_t left = in.varint(); left > 0 && !in.failed(); --left) {
    std::string key = in.string();
    state.last_steps[std::move(key)] = in.zigzag();
  }
  if (in.failed() || !in.done()) return not_well_formed("state");
  return state;
}

}  // namespace liquid::tracking::recorder
