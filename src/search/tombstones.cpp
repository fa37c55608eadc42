#include "search/tombstones.h"

#include <algorithm>

#include "search/position_codec.h"

namespace liquid::search {

std::string encode_lost_terms(const std::vector<LostTerm>& lost) {
  std::vector<std::uint8_t> bytes;
  std::uint32_t before = 0;
  for (const LostTerm& entry : lost) {
    append_varint(bytes, entry.term - before);
    append_varint(bytes, entry.chunks);
    before = entry.term;
  }
  return std::string(bytes.begin(), bytes.end());
}

Result<std::vector<LostTerm>> decode_lost_terms(std::string_view bytes, const Segment& segment) {
  const Error damaged{ErrorCode::data_corrupt, "a removed document's list of terms is damaged"};
  if (!bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0x80) != 0) return damaged;
  const std::span span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  std::vector<LostTerm> lost;
  std::size_t at = 0;
  std::uint64_t term = 0;
  while (at < span.size()) {
    term += read_varint(span, at) & UINT32_MAX;
    if (at >= span.size() || term >= segment.term_count()) return damaged;
    const std::uint64_t chunks = read_varint(span, at);
    const auto index = static_cast<std::uint32_t>(term);
    if (chunks > segment.document_frequency(index)) return damaged;
    lost.push_back({index, static_cast<std::uint32_t>(chunks)});
  }
  return lost;
}

Tombstones::Tombstones(const Segment& segment)
    : documents_(segment.document_count() / 64 + 1),
      chunks_(segment.chunk_count() / 64 + 1),
      lost_(segment.term_count()) {}

void Tombstones::bury(const Segment& segment, std::uint32_t document,
                      const std::vector<LostTerm>& lost) {
  set(documents_, document);
  ++dead_documents_;
  for (std::uint32_t i = segment.first_chunk[document]; i < segment.first_chunk[document + 1];
       ++i) {
    set(chunks_, i);
    ++dead_chunks_;
    dead_length_ += segment.lengths[i];
  }
  for (const LostTerm& entry : lost) {
    // Never more than there are, even if a damaged file says so.
    lost_[entry.term] =
        std::min(lost_[entry.term] + entry.chunks, segment.document_frequency(entry.term));
  }
}

}  // namespace liquid::search
