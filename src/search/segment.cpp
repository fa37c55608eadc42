#include "search/segment.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/digest.h"
#include "search/position_codec.h"

namespace liquid::search {
namespace {

constexpr double kBoundSteps = 255.0;

std::uint32_t blocks_for(std::uint32_t postings) {
  return (postings + Segment::kBlockSize - 1) / Segment::kBlockSize;
}

std::uint8_t stored_bound(double impact) {
  return static_cast<std::uint8_t>(std::min(kBoundSteps, std::ceil(impact * kBoundSteps)));
}

template <typename T>
std::uint64_t memory_of(const std::vector<T>& values) {
  return values.capacity() * sizeof(T);
}

void build_slots(Segment& segment) {
  const std::size_t size = std::bit_ceil(segment.terms.size() * 2 + 1);
  segment.slots.assign(size, 0);
  for (std::uint32_t term = 0; term < segment.term_count(); ++term) {
    std::size_t slot = hash64(segment.terms[term], process_seed()) & (size - 1);
    while (segment.slots[slot] != 0) slot = (slot + 1) & (size - 1);
    segment.slots[slot] = term + 1;
  }
}

// Bounds, last chunks and position offsets of one term's blocks.
void derive_blocks(Segment& segment, std::uint32_t term, const std::vector<float>& norms) {
  const std::uint32_t begin = segment.posting_begin[term];
  const std::uint32_t end = segment.posting_begin[term + 1];
  std::size_t position = segment.position_begin[term];
  double term_best = 0.0;
  for (std::uint32_t block = begin; block < end; block += Segment::kBlockSize) {
    const std::uint32_t block_end = std::min(end, block + Segment::kBlockSize);
    segment.block_positions.push_back(static_cast<std::uint32_t>(position));
    float best = 0.0F;
    for (std::uint32_t i = block; i < block_end; ++i) {
      const auto weight = static_cast<float>(segment.posting_weights[i]);
      best = std::max(best, weight / (weight + norms[segment.posting_chunks[i]]));
      skip_positions(segment.positions, position);
    }
    segment.block_last.push_back(segment.posting_chunks[block_end - 1]);
    segment.block_bound.push_back(stored_bound(static_cast<double>(best)));
    term_best = std::max(term_best, static_cast<double>(best));
  }
  segment.term_bound.push_back(stored_bound(term_best));
  segment.block_begin.push_back(static_cast<std::uint32_t>(segment.block_last.size()));
}

void derive_bits(Segment& segment) {
  for (std::uint32_t term = 0; term < segment.term_count(); ++term) {
    const std::uint64_t frequency = segment.document_frequency(term);
    if (frequency * Segment::kBitsFrom > segment.chunk_count()) segment.bit_terms.push_back(term);
  }
  const std::size_t words = segment.bit_words();
  segment.bits.resize(segment.bit_terms.size() * words);
  segment.bits_before.resize(segment.bits.size());
  std::uint64_t* bits = segment.bits.data();
  std::uint32_t* before = segment.bits_before.data();
  for (const std::uint32_t term : segment.bit_terms) {
    for (std::uint32_t i = segment.posting_begin[term]; i < segment.posting_begin[term + 1]; ++i) {
      const std::uint32_t chunk = segment.posting_chunks[i];
      bits[chunk / 64] |= std::uint64_t{1} << (chunk % 64);
    }
    for (std::size_t word = 1; word < words; ++word) {
      before[word] = before[word - 1] + static_cast<std::uint32_t>(std::popcount(bits[word - 1]));
    }
    bits += words;
    before += words;
  }
}

}  // namespace

std::optional<std::uint32_t> Segment::find_term(std::string_view term) const {
  std::size_t slot = hash64(term, process_seed()) & (slots.size() - 1);
  for (; slots[slot] != 0; slot = (slot + 1) & (slots.size() - 1)) {
    if (terms[slots[slot] - 1] == term) return slots[slot] - 1;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Segment::find_document(std::string_view id) const {
  std::uint32_t low = 0;
  std::uint32_t high = document_count();
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (document_ids[middle] < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low < document_count() && document_ids[low] == id) return low;
  return std::nullopt;
}

std::uint32_t Segment::document_of(std::uint32_t chunk) const {
  const auto after = std::upper_bound(first_chunk.begin(), first_chunk.end(), chunk);
  return static_cast<std::uint32_t>(after - first_chunk.begin()) - 1;
}

std::int64_t Segment::row_of(std::uint32_t chunk) const {
  const std::uint32_t document = document_of(chunk);
  return first_row[document] + (chunk - first_chunk[document]);
}

PostingList Segment::postings(std::uint32_t term) const {
  const std::uint32_t begin = posting_begin[term];
  const std::uint32_t count = posting_begin[term + 1] - begin;
  const std::uint32_t first_block = block_begin[term];
  const std::uint32_t blocks = block_begin[term + 1] - first_block;
  return {.chunks = std::span(posting_chunks).subspan(begin, count),
          .weights = std::span(posting_weights).subspan(begin, count),
          .block_last = std::span(block_last).subspan(first_block, blocks),
          .block_bound = std::span(block_bound).subspan(first_block, blocks),
          .bound = term_bound[term],
          .members = members(term)};
}

ChunkBits Segment::members(std::uint32_t term) const {
  const auto found = std::lower_bound(bit_terms.begin(), bit_terms.end(), term);
  if (found == bit_terms.end() || *found != term) return {};
  const std::size_t begin = static_cast<std::size_t>(found - bit_terms.begin()) * bit_words();
  return {.bits = std::span(bits).subspan(begin, bit_words()),
          .before = std::span(bits_before).subspan(begin, bit_words())};
}

void Segment::positions_of(std::uint32_t term, std::uint32_t posting,
                           std::vector<std::uint32_t>& out) const {
  out.clear();
  std::size_t at = block_positions[block_begin[term] + posting / kBlockSize];
  for (std::uint32_t i = 0; i < posting % kBlockSize; ++i) skip_positions(positions, at);
  std::uint32_t position = 0;
  for (;;) {
    const std::uint64_t coded = read_varint(positions, at);
    position += static_cast<std::uint32_t>(coded >> 1);
    out.push_back(position);
    if ((coded & 1) == 0) return;
  }
}

float Segment::bound(std::uint8_t stored, const LengthNorm& norm) const {
  // With c = old average / new average < 1 every norm shrinks at most to c times itself, so
  // weight / (weight + norm) grows at most to 1/c times itself; it cannot grow when the average
  // fell.
  const double growth = std::max(1.0, norm.average / reference.average);
  return static_cast<float>(std::min(1.0, stored / kBoundSteps * growth * (1.0 + 1e-6)));
}

std::uint64_t Segment::bytes_in_memory() const {
  return document_ids.bytes() + paths.bytes() + metadata.bytes() + terms.bytes() +
         memory_of(first_chunk) + memory_of(first_row) + memory_of(document_path) +
         memory_of(document_metadata) + memory_of(lengths) + memory_of(posting_begin) +
         memory_of(posting_chunks) + memory_of(posting_weights) + memory_of(position_begin) +
         memory_of(positions) + memory_of(block_begin) + memory_of(block_last) +
         memory_of(block_bound) + memory_of(block_positions) + memory_of(term_bound) +
         memory_of(slots) + memory_of(bit_terms) + memory_of(bits) + memory_of(bits_before);
}

void Segment::derive() {
  const auto chunks = static_cast<double>(std::max<std::size_t>(lengths.size(), 1));
  reference.average = std::max(1.0, static_cast<double>(total_length) / chunks);
  std::vector<float> norms(lengths.size());
  std::transform(lengths.begin(), lengths.end(), norms.begin(),
                 [&](std::uint32_t length) { return static_cast<float>(reference(length)); });
  std::size_t blocks = 0;
  for (std::uint32_t term = 0; term < term_count(); ++term) {
    blocks += blocks_for(document_frequency(term));
  }
  block_last.reserve(blocks);
  block_bound.reserve(blocks);
  block_positions.reserve(blocks);
  term_bound.reserve(terms.size());
  block_begin.reserve(terms.size() + 1);
  block_begin.assign(1, 0);
  for (std::uint32_t term = 0; term < term_count(); ++term) derive_blocks(*this, term, norms);
  build_slots(*this);
  derive_bits(*this);
}

}  // namespace liquid::search
