#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "search/string_list.h"

namespace liquid::search {

/// The length part of BM25: k1 * (1 - b + b * length / average), in weight units.
struct LengthNorm {
  double k1 = 1.2;
  double b = 0.75;
  double average = 1.0;    ///< Average chunk length of the whole index, in weight units.
  std::uint32_t unit = 1;  ///< Weight units that one occurrence in the text counts.

  double operator()(std::uint32_t length) const {
    return unit * k1 * (1.0 - b + b * length / average);
  }
};

/// The chunks of a frequent term as bits: says in two loads whether a chunk holds it, and at which
/// posting.
struct ChunkBits {
  std::span<const std::uint64_t> bits;
  std::span<const std::uint32_t> before;  ///< Postings before each word of bits.

  bool empty() const { return bits.empty(); }
  bool holds(std::uint32_t chunk) const { return ((bits[chunk / 64] >> (chunk % 64)) & 1) != 0; }
  /// Postings of chunks below `chunk`.
  std::uint32_t rank(std::uint32_t chunk) const {
    const std::uint64_t below = bits[chunk / 64] & ((std::uint64_t{1} << (chunk % 64)) - 1);
    return before[chunk / 64] + static_cast<std::uint32_t>(std::popcount(below));
  }
};

/// Postings of one term: chunks in ascending order and how often each holds the term.
struct PostingList {
  std::span<const std::uint32_t> chunks;
  std::span<const std::uint16_t> weights;  ///< Occurrences in weight units.
  std::span<const std::uint32_t>
      block_last;  ///< Last chunk of each block of `kBlockSize` postings.
  std::span<const std::uint8_t> block_bound;  ///< See `Segment::bound`.
  std::uint8_t bound = 0;
  ChunkBits members;  ///< Empty unless the term is frequent.
};

/// An immutable part of the index.
///
/// Invariants: `document_ids` are sorted and unique, chunks are numbered in the order of (document
/// id, ordinal), so a smaller number wins a tie. `terms` are sorted and unique. The postings of a
/// term ascend. The weights of a chunk over all terms add up to its length.
struct Segment {
  static constexpr std::uint32_t kBlockSize = 128;
  /// A term in more than one of this many chunks has bits: they cost at most as much as its
  /// postings.
  static constexpr std::uint32_t kBitsFrom = 32;

  // Documents.
  StringList document_ids;
  std::vector<std::uint32_t> first_chunk;    ///< One more entry than documents.
  std::vector<std::int64_t> first_row;       ///< Row of the document's first chunk in the store.
  std::vector<std::uint32_t> document_path;  ///< Index into `paths`.
  std::vector<std::uint32_t> document_metadata;  ///< Index into `metadata`.
  StringList paths;
  StringList metadata;  ///< See `encode_metadata`.

  // Chunks.
  std::vector<std::uint32_t> lengths;  ///< In weight units.
  std::uint64_t total_length = 0;

  // Terms and their postings, one after the other.
  StringList terms;
  std::vector<std::uint32_t> posting_begin;  ///< One more entry than terms.
  std::vector<std::uint32_t> posting_chunks;
  std::vector<std::uint16_t> posting_weights;
  std::vector<std::uint32_t> position_begin;  ///< One more entry than terms; into `positions`.
  std::vector<std::uint8_t> positions;        ///< Per posting: see position_codec.h.

  /// What the bounds were made with; all but the average must be set before `derive`.
  LengthNorm reference;

  // Derived by `derive`.
  std::vector<std::uint32_t> block_begin;  ///< One more entry than terms.
  std::vector<std::uint32_t> block_last;
  std::vector<std::uint8_t> block_bound;  ///< Largest weight part of a block, rounded up to 1/255.
  std::vector<std::uint32_t>
      block_positions;  ///< Where the block's first posting starts in `positions`.
  std::vector<std::uint8_t> term_bound;
  std::vector<std::uint32_t> slots;      ///< Hash table over `terms`: term + 1, or 0.
  std::vector<std::uint32_t> bit_terms;  ///< Terms with bits, ascending.
  std::vector<std::uint64_t> bits;       ///< `bit_words()` for each of them.
  std::vector<std::uint32_t> bits_before;

  std::uint32_t document_count() const { return static_cast<std::uint32_t>(document_ids.size()); }
  std::uint32_t chunk_count() const { return static_cast<std::uint32_t>(lengths.size()); }
  std::uint32_t term_count() const { return static_cast<std::uint32_t>(terms.size()); }
  std::uint32_t document_frequency(std::uint32_t term) const {
    return posting_begin[term + 1] - posting_begin[term];
  }

  std::size_t bit_words() const { return lengths.size() / 64 + 1; }

  std::optional<std::uint32_t> find_term(std::string_view term) const;
  std::optional<std::uint32_t> find_document(std::string_view id) const;
  std::uint32_t document_of(std::uint32_t chunk) const;
  std::int64_t row_of(std::uint32_t chunk) const;
  PostingList postings(std::uint32_t term) const;
  ChunkBits members(std::uint32_t term) const;
  /// Word positions of the term in the posting's chunk, ascending. `posting` counts from the term's
  /// first.
  void positions_of(std::uint32_t term, std::uint32_t posting,
                    std::vector<std::uint32_t>& out) const;

  /// Upper limit of weight / (weight + norm) that a stored bound stands for, under the norm of
  /// today.
  float bound(std::uint8_t stored, const LengthNorm& norm) const;

  std::uint64_t bytes_in_memory() const;

  /// Fills the derived fields, with the segment's own average length in `reference`: bounds stay
  /// right (if less tight) when that of the whole index differs or moves on.
  void derive();
};

}  // namespace liquid::search
