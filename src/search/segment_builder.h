#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "corpus/document.h"
#include "search/analyzer.h"
#include "search/chunk_index.h"
#include "search/segment.h"
#include "search/string_table.h"

namespace liquid::search {

/// How much a word of each field counts, in whole weight units.
struct FieldWeights {
  std::uint32_t text = 1;  ///< Also the unit of `LengthNorm`.
  std::uint32_t title = 1;
  std::uint32_t section = 1;

  /// The smallest whole numbers in the ratio of the settings, which count in sixteenths.
  static FieldWeights from(const Settings& settings);
};

/// Collects documents and turns them into a segment. One thread.
class SegmentBuilder {
 public:
  explicit SegmentBuilder(FieldWeights weights) : weights_(weights) {}

  struct Source {
    std::string_view id;
    std::string_view path;
    std::string_view metadata;  ///< Encoded.
    std::int64_t first_row = 0;
  };
  /// Adds a document with all its chunks. An earlier one with the same id must be dropped before.
  void add(const Source& source, const std::vector<corpus::Chunk>& chunks, Analyzer& analyzer);
  bool holds(std::string_view id) const { return slots_.find(std::string(id)) != slots_.end(); }
  void drop(std::string_view id);

  bool empty() const { return slots_.empty(); }
  std::size_t postings() const { return entries_.size(); }

  /// Everything added and not dropped; leaves an empty builder.
  Segment finish(const LengthNorm& norm);
  /// Forgets everything.
  void clear();

 private:
  struct Slot {
    std::uint32_t first_chunk = 0;
    std::uint32_t chunks = 0;
    std::int64_t first_row = 0;
    std::string path;
    std::string metadata;
  };
  struct Entry {  // one term of one chunk
    std::uint32_t term = 0;
    std::uint16_t weight = 0;
    std::uint32_t positions = 0;  // first byte
  };
  struct Occurrence {
    std::uint32_t term = 0;
    std::uint32_t position = 0;
    bool operator<(const Occurrence& other) const {
      return term != other.term ? term < other.term : position < other.position;
    }
  };

  void add_chunk(const corpus::Chunk& chunk, Analyzer& analyzer);
  void add_field(std::string_view text, Analyzer& analyzer);
  void add_entries(std::uint32_t title_end, std::uint32_t section_end);
  std::uint32_t term_number(std::string_view surface, Analyzer& analyzer);
  std::vector<std::uint32_t> place_documents(Segment& segment) const;
  std::vector<std::uint32_t> place_terms(Segment& segment) const;
  void place_postings(Segment& segment, const std::vector<std::uint32_t>& chunk_order,
                      const std::vector<std::uint32_t>& term_rank) const;

  FieldWeights weights_;

  std::unordered_map<std::string, Slot> slots_;  // by document id
  std::vector<std::size_t> chunk_entries_{0};    // one more than chunks: where its entries begin
  std::vector<std::uint32_t> lengths_;
  std::vector<Entry> entries_;
  std::vector<std::uint8_t> positions_;

  StringTable terms_;
  StringTable surfaces_;                     // words as they stand
  std::vector<std::uint32_t> surface_term_;  // per surface: its number in terms_, or none
  std::vector<Occurrence> occurrences_;      // of the chunk at hand
  std::uint32_t position_ = 0;
};

/// The numbers of the segment's terms that a chunk holds, ascending (for removing it again).
std::vector<std::uint32_t> distinct_terms(Analyzer& analyzer, const FieldWeights& weights,
                                          const Segment& segment, const corpus::Chunk& chunk);

}  // namespace liquid::search
