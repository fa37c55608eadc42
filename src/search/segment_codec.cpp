#include "search/segment_codec.h"

#include <algorithm>
#include <cmath>
#include <limits>

// Grammar. Numbers are varints (7 bits a byte, lowest first); string = length, bytes.
//
//   segment   = "LQSG" version:byte k1*1e6 b*1e6 unit  paths metadata documents chunks terms
//   paths     = count string*
//   metadata  = count string*
//   documents = count { shared-prefix string(rest of the id) chunks first-row path metadata }*
//   chunks    = length*                            one per chunk of all documents
//   terms     = count { shared-prefix string(rest of the term) postings position-bytes
//                       { gap*2 + flag [weight] }*  flag: weight is not `unit`; gap counts from the
//                                                   chunk after the one before
//                       positions }*                see position_codec.h

#include "search/position_codec.h"

namespace liquid::search {
namespace {

constexpr std::string_view kMagic = "LQSG";
constexpr std::uint8_t kVersion = 1;
constexpr double kMicro = 1e6;
// More postings than this cannot stand in one segment: offsets are 32 bits.
constexpr std::uint64_t kMaxCount = std::numeric_limits<std::uint32_t>::max() - 1;
constexpr std::uint64_t kMaxWeight = std::numeric_limits<std::uint16_t>::max();

/// Hands the bytes on a piece at a time. After the sink's first error nothing more reaches it.
class Writer {
 public:
  explicit Writer(const SegmentSink& sink) : sink_(sink), piece_(kPiece) {}

  void number(std::uint64_t value) {
    if (piece_.size() - used_ < kLongestNumber) flush();
    for (; value >= 0x80; value >>= 7) piece_[used_++] = static_cast<char>(value | 0x80);
    piece_[used_++] = static_cast<char>(value);
  }
  void raw(std::string_view bytes) {
    while (!bytes.empty()) {
      if (used_ == piece_.size()) flush();
      const std::size_t copied = bytes.copy(piece_.data() + used_, piece_.size() - used_);
      used_ += copied;
      bytes.remove_prefix(copied);
    }
  }
  void raw(std::span<const std::uint8_t> bytes) {
    raw(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  void text(std::string_view text) {
    number(text.size());
    raw(text);
  }
  void strings(const StringList& list) {
    number(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) text(list[i]);
  }
  /// A string of a sorted list: how much it shares with the one before, and the rest.
  void sorted_text(const StringList& list, std::size_t index) {
    const std::string_view current = list[index];
    const std::string_view before = index == 0 ? std::string_view() : list[index - 1];
    const auto differ =
        std::mismatch(current.begin(), current.end(), before.begin(), before.end()).first;
    const auto shared = static_cast<std::size_t>(differ - current.begin());
    number(shared);
    text(current.substr(shared));
  }
  Result<void> finish() {
    flush();
    return std::move(done_);
  }

 private:
  static constexpr std::size_t kPiece = std::size_t{64} << 10;
  static constexpr std::size_t kLongestNumber = 10;

  void flush() {
    if (done_ && used_ != 0) done_ = sink_({piece_.data(), used_});
    used_ = 0;
  }

  const SegmentSink& sink_;
  std::vector<char> piece_;
  std::size_t used_ = 0;
  Result<void> done_;
};

void write_documents(Writer& writer, const Segment& segment) {
  writer.number(segment.document_ids.size());
  for (std::uint32_t i = 0; i < segment.document_count(); ++i) {
    writer.sorted_text(segment.document_ids, i);
    writer.number(segment.first_chunk[i + 1] - segment.first_chunk[i]);
    writer.number(static_cast<std::uint64_t>(segment.first_row[i]));
    writer.number(segment.document_path[i]);
    writer.number(segment.document_metadata[i]);
  }
}

void write_postings(Writer& writer, const Segment& segment, std::uint32_t term) {
  std::uint32_t next = 0;
  for (std::uint32_t i = segment.posting_begin[term]; i < segment.posting_begin[term + 1]; ++i) {
    const std::uint32_t weight = segment.posting_weights[i];
    const std::uint64_t gap = segment.posting_chunks[i] - next;
    const bool usual = weight == segment.reference.unit;
    writer.number(gap << 1 | (usual ? 0U : 1U));
    if (!usual) writer.number(weight);
    next = segment.posting_chunks[i] + 1;
  }
}

void write_terms(Writer& writer, const Segment& segment) {
  writer.number(segment.terms.size());
  for (std::uint32_t term = 0; term < segment.term_count(); ++term) {
    const std::uint32_t from = segment.position_begin[term];
    const std::uint32_t bytes = segment.position_begin[term + 1] - from;
    writer.sorted_text(segment.terms, term);
    writer.number(segment.document_frequency(term));
    writer.number(bytes);
    write_postings(writer, segment, term);
    writer.raw(std::span(segment.positions).subspan(from, bytes));
  }
}

/// Reads untrusted bytes. After the first wrong one every read gives 0 or nothing, and `ok` is
/// false.
class Reader {
 public:
  explicit Reader(std::string_view bytes)
      : bytes_(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()) {}

  bool ok() const { return ok_; }
  std::size_t left() const { return bytes_.size() - at_; }
  void fail() { ok_ = false; }

  std::uint64_t number(std::uint64_t max) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63 && ok_ && at_ < bytes_.size(); shift += 7) {
      const std::uint8_t byte = bytes_[at_++];
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte >= 0x80) continue;
      if (value > max) break;
      return value;
    }
    ok_ = false;
    return 0;
  }

  /// How many things follow. Each takes at least one byte, which bounds what a wrong count can
  /// reserve.
  std::uint32_t count() { return static_cast<std::uint32_t>(number(std::min(kMaxCount, left()))); }
  std::uint32_t number32(std::uint64_t max) { return static_cast<std::uint32_t>(number(max)); }

  std::span<const std::uint8_t> raw(std::size_t size) {
    if (!ok_ || size > left()) {
      ok_ = false;
      return {};
    }
    at_ += size;
    return bytes_.subspan(at_ - size, size);
  }

  std::string_view text() {
    const std::span<const std::uint8_t> bytes = raw(count());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  void strings(StringList& list) {
    const std::uint32_t strings = count();
    for (std::uint32_t i = 0; i < strings && ok_; ++i) ok_ = list.push_back(text()) && ok_;
  }

  /// A string that must sort behind the last one of the list.
  void sorted_text(StringList& list) {
    const bool first = list.size() == 0;
    const std::string before(first ? std::string_view() : list[list.size() - 1]);
    std::string current = before.substr(0, number(before.size()));
    current += text();
    if (!first && current <= before) ok_ = false;
    if (ok_) ok_ = list.push_back(current);
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

void read_documents(Reader& reader, Segment& segment) {
  const std::uint32_t documents = reader.count();
  segment.first_chunk.assign(1, 0);
  for (std::uint32_t i = 0; i < documents && reader.ok(); ++i) {
    reader.sorted_text(segment.document_ids);
    const std::uint32_t before = segment.first_chunk.back();
    segment.first_chunk.push_back(before + reader.number32(kMaxCount - before));
    segment.first_row.push_back(
        static_cast<std::int64_t>(reader.number(std::numeric_limits<std::int64_t>::max() / 2)));
    segment.document_path.push_back(reader.number32(kMaxCount));
    segment.document_metadata.push_back(reader.number32(kMaxCount));
    if (segment.document_path.back() >= segment.paths.size()) reader.fail();
    if (segment.document_metadata.back() >= segment.metadata.size()) reader.fail();
  }
}

void read_chunks(Reader& reader, Segment& segment) {
  const std::uint32_t chunks = segment.first_chunk.back();
  if (chunks > reader.left()) reader.fail();
  if (reader.ok()) segment.lengths.reserve(chunks);
  for (std::uint32_t i = 0; i < chunks && reader.ok(); ++i) {
    segment.lengths.push_back(reader.number32(kMaxCount));
    segment.total_length += segment.lengths.back();
  }
}

void read_postings(Reader& reader, Segment& segment, std::uint32_t postings) {
  std::uint64_t next = 0;
  for (std::uint32_t i = 0; i < postings && reader.ok(); ++i) {
    const std::uint64_t coded = reader.number(kMaxCount * 2 + 1);
    const std::uint64_t chunk = next + (coded >> 1);
    const std::uint64_t weight =
        (coded & 1) == 0 ? segment.reference.unit : reader.number(kMaxWeight);
    if (chunk >= segment.lengths.size() || weight == 0) return reader.fail();
    segment.posting_chunks.push_back(static_cast<std::uint32_t>(chunk));
    segment.posting_weights.push_back(static_cast<std::uint16_t>(weight));
    next = chunk + 1;
  }
}

// True when the bytes hold exactly `postings` well-formed runs of ascending positions.
bool positions_fit(std::span<const std::uint8_t> bytes, std::uint32_t postings) {
  Reader reader({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  for (std::uint32_t i = 0; i < postings && reader.ok(); ++i) {
    std::uint64_t position = 0;
    std::uint64_t more = 1;
    while (more != 0 && reader.ok()) {
      const std::uint64_t coded = reader.number(kMaxCount);
      position += coded >> 1;
      more = coded & 1;
      if (position > kMaxCount) return false;
    }
  }
  return reader.ok() && reader.left() == 0;
}

void read_terms(Reader& reader, Segment& segment) {
  const std::uint32_t terms = reader.count();
  segment.posting_begin.assign(1, 0);
  segment.position_begin.assign(1, 0);
  for (std::uint32_t i = 0; i < terms && reader.ok(); ++i) {
    reader.sorted_text(segment.terms);
    const std::uint32_t postings = reader.count();
    const std::uint32_t bytes = reader.count();
    if (postings == 0) return reader.fail();
    if (segment.posting_chunks.size() + postings > kMaxCount) return reader.fail();
    read_postings(reader, segment, postings);
    const std::span<const std::uint8_t> positions = reader.raw(bytes);
    if (!reader.ok() || !positions_fit(positions, postings)) return reader.fail();
    segment.positions.insert(segment.positions.end(), positions.begin(), positions.end());
    segment.posting_begin.push_back(static_cast<std::uint32_t>(segment.posting_chunks.size()));
    segment.position_begin.push_back(static_cast<std::uint32_t>(segment.positions.size()));
  }
}

void shrink(Segment& segment) {
  segment.document_ids.shrink_to_fit();
  segment.paths.shrink_to_fit();
  segment.metadata.shrink_to_fit();
  segment.terms.shrink_to_fit();
  segment.posting_chunks.shrink_to_fit();
  segment.posting_weights.shrink_to_fit();
  segment.positions.shrink_to_fit();
}

Error corrupt(const char* part) {
  return Error{ErrorCode::data_corrupt, std::string("index segment is damaged in its ") + part};
}

}  // namespace

std::string encode_segment(const Segment& segment) {
  std::string bytes;
  const Result<void> never_fails = encode_segment(segment, [&](std::string_view piece) {
    bytes += piece;
    return Result<void>();
  });
  static_cast<void>(never_fails);
  return bytes;
}

Result<void> encode_segment(const Segment& segment, const SegmentSink& sink) {
  Writer writer(sink);
  writer.raw(kMagic);
  writer.raw({&kVersion, 1});
  writer.number(static_cast<std::uint64_t>(std::llround(segment.reference.k1 * kMicro)));
  writer.number(static_cast<std::uint64_t>(std::llround(segment.reference.b * kMicro)));
  writer.number(segment.reference.unit);
  writer.strings(segment.paths);
  writer.strings(segment.metadata);
  write_documents(writer, segment);
  for (const std::uint32_t length : segment.lengths) writer.number(length);
  write_terms(writer, segment);
  return writer.finish();
}

Result<Segment> decode_segment(std::string_view blob) {
  Reader reader(blob);
  const std::span<const std::uint8_t> magic = reader.raw(kMagic.size());
  if (!std::equal(magic.begin(), magic.end(), kMagic.begin(), kMagic.end()))
    return corrupt("header");
  const std::span<const std::uint8_t> version = reader.raw(1);
  if (!reader.ok()) return corrupt("header");
  if (version[0] != kVersion) {
    return Error{ErrorCode::unsupported, "index segment has format " + std::to_string(version[0]) +
                                             ", this program reads format " +
                                             std::to_string(kVersion)};
  }
  Segment segment;
  LengthNorm& norm = segment.reference;
  norm.k1 = static_cast<double>(reader.number(1'000'000'000)) / kMicro;
  norm.b = static_cast<double>(reader.number(1'000'000)) / kMicro;
  norm.unit = reader.number32(kMaxWeight);
  reader.strings(segment.paths);
  reader.strings(segment.metadata);
  if (!reader.ok() || norm.unit == 0) return corrupt("names");
  read_documents(reader, segment);
  if (!reader.ok()) return corrupt("documents");
  read_chunks(reader, segment);
  if (!reader.ok()) return corrupt("chunk lengths");
  read_terms(reader, segment);
  if (!reader.ok() || reader.left() != 0) return corrupt("terms");
  shrink(segment);
  segment.derive();
  return segment;
}

}  // namespace liquid::search
