#include "tracking/recorder/journal_format.h"

#include <type_traits>
#include <utility>

#include "base/digest.h"
#include "tracking/recorder/byte_codec.h"

// A journal is a folder with one file per segment, named by its number in ten digits and ".seg".
// Segments are written in order from 1 and only at their end; each can be read without the others.
//
//   segment   := header frame*                  part of a frame at the end is ignored; other bytes
//                                               between sound frames are damage
//   header    := "LQDJRNL" version:u8 number:u64 salt:u64       version is 1; salt is the journal's
//   frame     := size:u32 checksum:u64 payload  size counts the payload's bytes
//   payload   := entry*
//   entry     := 1 key name:text                key stands for name in the rest of the segment
//              | 2 key time step value          a metric; time: ms after the entry-2 before it in
//                                               the same payload (after 0 for the first), zigzag
//              | 3 metric                       a metric of a logged model or dataset
//              | 4 key:text value:text          a parameter
//              | 5 key:text value:text          a tag
//              | 6 dataset                      name digest source_type source schema profile,
//                                               count:varint (key:text value:text)*
//              | 7 model:text                   a logged model the run used
//              | 8 model:text step:zigzag       a logged model the run made
//              | 9 local:text path:text shape:u8      an artifact that lies in a file or folder
//              | 10 path:text content:text      an artifact given as text
//              | 11 status:u8 time:zigzag       the run's end; nothing follows
//              | 12 thinned:varint dropped:varint     points lost so far
//   metric    := key:text value time:zigzag step model:text dataset:text digest:text
//   key       := varint     step := zigzag     value := f64, as its 64 bits
//   text      := size:varint byte*
//   varint    := 7 bits per byte, lowest first, the top bit says that more follow
//   zigzag    := varint of (n << 1) ^ (n >> 63)
//   document  := magic:8 bytes frame            (of segment 0, salt 0, offset 0)
//
// Fixed-width numbers have their lowest byte first. The checksum is XXH3-64 of the payload with
// seed salt + number * 2^40 + offset, so that bytes left by another file or place never pass.

namespace liquid::tracking::recorder {
namespace {

constexpr std::string_view kMagic = "LQDJRNL";
constexpr std::uint8_t kVersion = 1;
// That find_frame checks in one segment: half a second's work.
constexpr std::uint64_t kMaxSearchedBytes = std::uint64_t{4} << 30U;

enum class EntryKind : std::uint8_t {
  key = 1,
  point,
  metric,
  param,
  tag,
  dataset,
  model_input,
  model_output,
  artifact,
  text,
  end,
  loss,
};

std::uint64_t checksum(std::string_view payload, const SegmentIdentity& identity,
                       std::uint64_t offset) {
  return hash64(payload, identity.salt + (identity.number << 40U) + offset);
}

Error corrupt(std::string message) { return Error{ErrorCode::data_corrupt, std::move(message)}; }

template <typename KeyValue>
void put_pair(ByteWriter& out, const KeyValue& pair) {
  out.text(pair.key);
  out.text(pair.value);
}

void put(ByteWriter& out, const Metric& point) {
  out.byte(static_cast<std::uint8_t>(EntryKind::metric));
  out.text(point.key);
  out.real(point.value);
  out.zigzag(point.timestamp_ms);
  out.zigzag(point.step);
  out.text(point.model_id.str());
  out.text(point.dataset_name);
  out.text(point.dataset_digest);
}
void put(ByteWriter& out, const Param& param) {
  out.byte(static_cast<std::uint8_t>(EntryKind::param));
  put_pair(out, param);
}
void put(ByteWriter& out, const Tag& tag) {
  out.byte(static_cast<std::uint8_t>(EntryKind::tag));
  put_pair(out, tag);
}
void put(ByteWriter& out, const DatasetInput& input) {
  out.byte(static_cast<std::uint8_t>(EntryKind::dataset));
  const Dataset& set = input.dataset;
  for (const std::string* text :
       {&set.name, &set.digest, &set.source_type, &set.source, &set.schema, &set.profile}) {
    out.text(*text);
  }
  out.varint(input.tags.size());
  for (const Tag& tag : input.tags) put_pair(out, tag);
}
void put(ByteWriter& out, const ModelInput& input) {
  out.byte(static_cast<std::uint8_t>(EntryKind::model_input));
  out.text(input.model_id.str());
}
void put(ByteWriter& out, const ModelOutput& output) {
  out.byte(static_cast<std::uint8_t>(EntryKind::model_output));
  out.text(output.model_id.str());
  out.zigzag(output.step);
}
void put(ByteWriter& out, const ArtifactNote& note) {
  out.byte(static_cast<std::uint8_t>(EntryKind::artifact));
  out.text(note.local_path);
  out.text(note.artifact_path);
  out.byte(static_cast<std::uint8_t>(note.shape));
}
void put(ByteWriter& out, const TextNote& note) {
  out.byte(static_cast<std::uint8_t>(EntryKind::text));
  out.text(note.artifact_path);
  out.text(note.content);
}
void put(ByteWriter& out, const RunEnd& end) {
  out.byte(static_cast<std::uint8_t>(EntryKind::end));
  out.byte(static_cast<std::uint8_t>(end.status));
  out.zigzag(end.time_ms);
}
void put(ByteWriter& out, const LossNote& loss) {
  out.byte(static_cast<std::uint8_t>(EntryKind::loss));
  out.varint(loss.thinned);
  out.varint(loss.dropped);
}

Metric take_metric(ByteReader& in) {
  Metric point;
  point.key = in.string();
  point.value = in.real();
  point.timestamp_ms = in.zigzag();
  point.step = in.zigzag();
  point.model_id = ModelId(in.string());
  point.dataset_name = in.string();
  point.dataset_digest = in.string();
  return point;
}

DatasetInput take_dataset(ByteReader& in) {
  DatasetInput input;
  Dataset& set = input.dataset;
  for (std::string* text :
       {&set.name, &set.digest, &set.source_type, &set.source, &set.schema, &set.profile}) {
    *text = in.string();
  }
  for (std::uint64_t left = in.varint(); left > 0 && !in.failed(); --left) {
    std::string key = in.string();
    input.tags.push_back({std::move(key), in.string()});
  }
  return input;
}

template <typename KeyValue>
KeyValue take_pair(ByteReader& in) {
  std::string key = in.string();
  return KeyValue{std::move(key), in.string()};
}

std::optional<Operation> take_artifact(ByteReader& in) {
  ArtifactNote note;
  note.local_path = in.string();
  note.artifact_path = in.string();
  const std::uint8_t shape = in.byte();
  if (shape > static_cast<std::uint8_t>(ArtifactNote::Shape::owned)) return std::nullopt;
  note.shape = static_cast<ArtifactNote::Shape>(shape);
  return note;
}

std::optional<Operation> take_end(ByteReader& in) {
  const std::uint8_t status = in.byte();
  if (status > static_cast<std::uint8_t>(RunStatus::killed)) return std::nullopt;
  return RunEnd{static_cast<RunStatus>(status), in.zigzag()};
}

// Everything but keys and points.
std::optional<Operation> take_operation(EntryKind kind, ByteReader& in) {
  switch (kind) {
    case EntryKind::metric: return take_metric(in);
    case EntryKind::param: return take_pair<Param>(in);
    case EntryKind::tag: return take_pair<Tag>(in);
    case EntryKind::dataset: return take_dataset(in);
    case EntryKind::model_input: return ModelInput{ModelId(in.string())};
    case EntryKind::model_output: {
      ModelId model(in.string());
      return ModelOutput{std::move(model), in.zigzag()};
    }
    case EntryKind::artifact: return take_artifact(in);
    case EntryKind::text: {
      std::string path = in.string();
      return TextNote{std::move(path), in.string()};
    }
    case EntryKind::end: return take_end(in);
    case EntryKind::loss: {
      const std::uint64_t thinned = in.varint();
      return LossNote{thinned, in.varint()};
    }
    case EntryKind::key:
    case EntryKind::point: break;
  }
  return std::nullopt;
}

}  // namespace

std::string segment_header(const SegmentIdentity& identity) {
  std::string bytes(kMagic);
  ByteWriter out(bytes);
  out.byte(kVersion);
  out.fixed(identity.number);
  out.fixed(identity.salt);
  return bytes;
}

Result<SegmentIdentity> parse_segment_header(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes || bytes.substr(0, kMagic.size()) != kMagic) {
    return corrupt("not a segment of a journal");
  }
  ByteReader in(bytes.substr(kMagic.size()));
  if (const std::uint8_t version = in.byte(); version != kVersion) {
    return Error{ErrorCode::unsupported, "journal version " + std::to_string(version) +
                                             ", this program knows version " +
                                             std::to_string(kVersion)};
  }
  const auto number = in.fixed<std::uint64_t>();
  return SegmentIdentity{number, in.fixed<std::uint64_t>()};
}

std::string frame(std::string_view payload, const SegmentIdentity& identity, std::uint64_t offset) {
  std::string bytes;
  bytes.reserve(kFrameHeaderBytes + payload.size());
  ByteWriter out(bytes);
  out.fixed(static_cast<std::uint32_t>(payload.size()));
  out.fixed(checksum(payload, identity, offset));
  bytes.append(payload);
  return bytes;
}

std::optional<std::string_view> read_frame(std::string_view bytes, const SegmentIdentity& identity,
                                           std::uint64_t offset) {
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  ByteReader in(bytes);
  const auto size = in.fixed<std::uint32_t>();
  const auto expected = in.fixed<std::uint64_t>();
  if (size > in.left() || size > kMaxFrameBytes) return std::nullopt;
  const std::string_view payload = bytes.substr(kFrameHeaderBytes, size);
  if (checksum(payload, identity, offset) != expected) return std::nullopt;
  return payload;
}

std::optional<std::size_t> find_frame(std::string_view bytes, const SegmentIdentity& identity,
                                      std::uint64_t offset) {
  std::uint64_t searched = 0;
  for (std::size_t at = 0; at + kFrameHeaderBytes < bytes.size(); ++at) {
    const std::string_view rest = bytes.substr(at);
    const auto size = ByteReader(rest).fixed<std::uint32_t>();
    const auto kind = static_cast<std::uint8_t>(rest[kFrameHeaderBytes]);
    const bool is_likely = size > 0 && size <= rest.size() - kFrameHeaderBytes && kind > 0 &&
                           kind <= static_cast<std::uint8_t>(EntryKind::loss);
    if (!is_likely) continue;
    if (read_frame(rest, identity, offset + at)) return at;
    searched += size;
    if (searched > kMaxSearchedBytes) break;
  }
  return std::nullopt;
}

bool is_torn(std::string_view bytes) {
  if (bytes.size() < kFrameHeaderBytes) return true;
  const auto size = ByteReader(bytes).fixed<std::uint32_t>();
  return size > bytes.size() - kFrameHeaderBytes ||
         bytes.find_first_not_of('\0') == std::string_view::npos;
}

void EntryWriter::add(const Point& point, std::string_view name) {
  ByteWriter out(payload_);
  if (point.key >= known_keys_.size()) known_keys_.resize(point.key + std::size_t{1});
  if (!known_keys_[point.key]) {
    known_keys_[point.key] = true;
    out.byte(static_cast<std::uint8_t>(EntryKind::key));
    out.varint(point.key);
    out.text(name);
  }
  out.byte(static_cast<std::uint8_t>(EntryKind::point));
  out.varint(point.key);
  // By way of unsigned numbers: the difference of two far times may not fit.
  out.zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(point.time_ms) -
                                       static_cast<std::uint64_t>(last_time_ms_)));
  last_time_ms_ = point.time_ms;
  out.zigzag(point.step);
  out.real(point.value);
  ++entries_;
}

void EntryWriter::add(const Operation& operation) {
  ByteWriter out(payload_);
  std::visit([&out](const auto& value) { put(out, value); }, operation);
  ++entries_;
}

std::string EntryWriter::take() {
  entries_ = 0;
  last_time_ms_ = 0;
  return std::exchange(payload_, {});
}

Result<void> EntryReader::read(std::string_view payload, const Sink& sink) {
  ByteReader in(payload);
  std::int64_t time_ms = 0;
  while (!in.done()) {
    const auto kind = static_cast<EntryKind>(in.byte());
    if (kind == EntryKind::key) {
      const std::uint64_t key = in.varint();
      if (key >= kMaxKeys) return corrupt("a journal entry names too large a key");
      if (key >= keys_.size()) keys_.resize(key + 1);
      keys_[key] = in.string();
      if (in.failed()) return corrupt("a journal entry ends early");
      continue;
    }
    std::optional<Operation> operation;
    if (kind == EntryKind::point) {
      const std::uint64_t key = in.varint();
      time_ms = static_cast<std::int64_t>(static_cast<std::uint64_t>(time_ms) +
                                          static_cast<std::uint64_t>(in.zigzag()));
      const std::int64_t step = in.zigzag();
      const double value = in.real();
      const bool is_named = key < keys_.size() && !keys_[key].empty();
      if (!is_named && has_gaps_ && !in.failed()) {
        ++nameless_points_;
        continue;
      }
      if (key >= keys_.size()) return corrupt("a journal entry uses an unknown key");
      operation = Metric{.key = keys_[key],
                         .value = value,
                         .timestamp_ms = time_ms,
                         .step = step,
                         .model_id = {},
                         .dataset_name = {},
                         .dataset_digest = {},
                         .run_id = {}};
    } else {
      operation = take_operation(kind, in);
    }
    if (!operation || in.failed()) return corrupt("a journal entry is not well formed");
    sink(std::move(*operation));
  }
  return {};
}

std::string document(std::string_view magic, std::string_view payload) {
  return std::string(magic) + frame(payload, {}, 0);
}

Result<std::string_view> parse_document(std::string_view magic, std::string_view bytes) {
  if (bytes.substr(0, magic.size()) != magic) return corrupt("does not begin as it should");
  const auto payload = read_frame(bytes.substr(magic.size()), {}, 0);
  if (!payload) return corrupt("the checksum does not fit");
  return *payload;
}

}  // namespace liquid::tracking::recorder
