#include "search/segment_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "search/position_codec.h"

namespace liquid::search {
namespace {

constexpr std::uint32_t kNotIndexed = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kMaxWeight = std::numeric_limits<std::uint16_t>::max();
constexpr double kWeightSteps = 16.0;
// A phrase must not reach from one field into the next.
constexpr std::uint32_t kFieldGap = 16;

std::uint32_t sixteenths(double weight) {
  return static_cast<std::uint32_t>(std::lround(weight * kWeightSteps));
}

// Equal strings once: gives each its number in the list.
class Interner {
 public:
  explicit Interner(StringList& list) : list_(list) {}

  std::uint32_t operator()(std::string_view text) {
    const StringTable::Found found = table_.number_of(text);
    if (found.added)
      static_cast<void>(list_.push_back(text));  // as long as the table, which took it
    return found.number;
  }

 private:
  StringList& list_;
  StringTable table_;
};

}  // namespace

FieldWeights FieldWeights::from(const Settings& settings) {
  FieldWeights weights{static_cast<std::uint32_t>(kWeightSteps), sixteenths(settings.title_weight),
                       sixteenths(settings.section_weight)};
  const std::uint32_t common = std::gcd(weights.text, std::gcd(weights.title, weights.section));
  return {weights.text / common, weights.title / common, weights.section / common};
}

void SegmentBuilder::add(const Source& source, const std::vector<corpus::Chunk>& chunks,
                         Analyzer& analyzer) {
  Slot slot{.first_chunk = static_cast<std::uint32_t>(lengths_.size()),
            .chunks = static_cast<std::uint32_t>(chunks.size()),
            .first_row = source.first_row,
            .path = std::string(source.path),
            .metadata = std::string(source.metadata)};
  for (const corpus::Chunk& chunk : chunks) add_chunk(chunk, analyzer);
  slots_.emplace(std::string(source.id), std::move(slot));
}

void SegmentBuilder::drop(std::string_view id) {
  slots_.erase(std::string(id));  // its entries stay behind and are passed over by `finish`
}

void SegmentBuilder::add_chunk(const corpus::Chunk& chunk, Analyzer& analyzer) {
  occurrences_.clear();
  position_ = 0;
  if (weights_.title != 0) add_field(chunk.title, analyzer);
  const std::uint32_t title_end = position_;
  if (weights_.section != 0) add_field(chunk.section, analyzer);
  const std::uint32_t section_end = position_;
  add_field(chunk.text, analyzer);
  std::sort(occurrences_.begin(), occurrences_.end());
  add_entries(title_end, section_end);
  chunk_entries_.push_back(entries_.size());
}

void SegmentBuilder::add_field(std::string_view text, Analyzer& analyzer) {
  const std::uint32_t start = position_;
  const std::uint32_t used = for_each_token(text, [&](const Token& token) {
    const std::uint32_t number = term_number(token.surface, analyzer);
    if (number != kNotIndexed) occurrences_.push_back({number, start + token.position});
  });
  if (used != 0) position_ += used + kFieldGap;
}

void SegmentBuilder::add_entries(std::uint32_t title_end, std::uint32_t section_end) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < occurrences_.size();) {
    const std::uint32_t term = occurrences_[i].term;
    std::uint32_t weight = 0;
    std::uint32_t before = 0;
    const auto begin = static_cast<std::uint32_t>(positions_.size());
    for (; i < occurrences_.size() && occurrences_[i].term == term; ++i) {
      const std::uint32_t position = occurrences_[i].position;
      const bool more = i + 1 < occurrences_.size() && occurrences_[i + 1].term == term;
      append_position(positions_, position - before, more ? 1 : 0);
      before = position;
      weight += position < title_end     ? weights_.title
                : position < section_end ? weights_.section
                                         : weights_.text;
      weight = std::min(weight, kMaxWeight);
    }
    entries_.push_back({term, static_cast<std::uint16_t>(weight), begin});
    length += weight;
  }
  lengths_.push_back(length);
}

std::uint32_t SegmentBuilder::term_number(std::string_view surface, Analyzer& analyzer) {
  const StringTable::Found known = surfaces_.number_of(surface);
  if (known.added) {
    const std::string_view term = analyzer.term(surface);
    surface_term_.push_back(term.empty() ? kNotIndexed : terms_.number_of(term).number);
  }
  return surface_term_[known.number];
}

Segment SegmentBuilder::finish(const LengthNorm& norm) {
  Segment segment;
  const std::vector<std::uint32_t> chunk_order = place_documents(segment);
  const std::vector<std::uint32_t> term_rank = place_terms(segment);
  place_postings(segment, chunk_order, term_rank);
  segment.reference = norm;
  segment.derive();
  clear();
  return segment;
}

// Fills everything about documents and chunks; gives the old chunk numbers in their new order.
std::vector<std::uint32_t> SegmentBuilder::place_documents(Segment& segment) const {
  std::vector<const std::pair<const std::string, Slot>*> sorted;
  sorted.reserve(slots_.size());
  for (const auto& entry : slots_) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->first < b->first; });

  Interner path(segment.paths);
  Interner metadata(segment.metadata);
  std::vector<std::uint32_t> chunk_order;
  chunk_order.reserve(lengths_.size());
  segment.first_chunk.reserve(slots_.size() + 1);
  segment.first_row.reserve(slots_.size());
  segment.document_path.reserve(slots_.size());
  segment.document_metadata.reserve(slots_.size());
  segment.lengths.reserve(lengths_.size());
  segment.first_chunk.push_back(0);
  for (const auto* entry : sorted) {
    const Slot& slot = entry->second;
    static_cast<void>(
        segment.document_ids.push_back(entry->first));  // ids were bounded by the caller
    segment.first_row.push_back(slot.first_row);
    segment.document_path.push_back(path(slot.path));
    segment.document_metadata.push_back(metadata(slot.metadata));
    for (std::uint32_t i = 0; i < slot.chunks; ++i) {
      chunk_order.push_back(slot.first_chunk + i);
      segment.lengths.push_back(lengths_[slot.first_chunk + i]);
      segment.total_length += lengths_[slot.first_chunk + i];
    }
    segment.first_chunk.push_back(static_cast<std::uint32_t>(segment.lengths.size()));
  }
  return chunk_order;
}

// Fills the sorted terms; gives each old term number its new one.
std::vector<std::uint32_t> SegmentBuilder::place_terms(Segment& segment) const {
  std::vector<std::pair<std::string_view, std::uint32_t>> sorted;
  sorted.reserve(terms_.size());
  for (std::uint32_t i = 0; i < terms_.size(); ++i) sorted.emplace_back(terms_[i], i);
  std::sort(sorted.begin(), sorted.end());

  // A term whose documents were all dropped again must not stay.
  std::vector<std::uint32_t> uses(terms_.size());
  for (const auto& [id, slot] : slots_) {
    const std::size_t end = chunk_entries_[slot.first_chunk + slot.chunks];
    for (std::size_t i = chunk_entries_[slot.first_chunk]; i < end; ++i) ++uses[entries_[i].term];
  }
  std::vector<std::uint32_t> rank(terms_.size(), kNotIndexed);
  segment.posting_begin.reserve(terms_.size() + 1);
  segment.posting_begin.push_back(0);
  for (const auto& [term, number] : sorted) {
    if (uses[number] == 0) continue;
    rank[number] = segment.term_count();
    static_cast<void>(segment.terms.push_back(term));
    segment.posting_begin.push_back(segment.posting_begin.back() + uses[number]);
  }
  return rank;
}

void SegmentBuilder::place_postings(Segment& segment, const std::vector<std::uint32_t>& chunk_order,
                                    const std::vector<std::uint32_t>& term_rank) const {
  const std::uint32_t postings = segment.posting_begin.back();
  segment.posting_chunks.resize(postings);
  segment.posting_weights.resize(postings);
  std::vector<std::uint32_t> sources(postings);  // first position byte of each posting
  std::vector<std::uint32_t> next(segment.posting_begin.begin(), segment.posting_begin.end() - 1);
  for (std::uint32_t chunk = 0; chunk < chunk_order.size(); ++chunk) {
    const std::uint32_t old = chunk_order[chunk];
    for (std::size_t i = chunk_entries_[old]; i < chunk_entries_[old + 1]; ++i) {
      const std::uint32_t at = next[term_rank[entries_[i].term]]++;
      segment.posting_chunks[at] = chunk;
      segment.posting_weights[at] = entries_[i].weight;
      sources[at] = entries_[i].positions;
    }
  }
  segment.positions.reserve(positions_.size());
  segment.position_begin.reserve(segment.posting_begin.size());
  segment.position_begin.push_back(0);
  for (std::uint32_t term = 0; term < segment.term_count(); ++term) {
    for (std::uint32_t i = segment.posting_begin[term]; i < segment.posting_begin[term + 1]; ++i) {
      std::size_t end = sources[i];
      skip_positions(positions_, end);
      segment.positions.insert(segment.positions.end(), positions_.begin() + sources[i],
                               positions_.begin() + static_cast<std::ptrdiff_t>(end));
    }
    segment.position_begin.push_back(static_cast<std::uint32_t>(segment.positions.size()));
  }
}

// Keeps no memory: 100 MB would lie idle during every merge and after the last document.
void SegmentBuilder::clear() { *this = SegmentBuilder(weights_); }

std::vector<std::uint32_t> distinct_terms(Analyzer& analyzer, const FieldWeights& weights,
                                          const Segment& segment, const corpus::Chunk& chunk) {
  std::vector<std::uint32_t> terms;
  const auto collect = [&](const Token& token) {
    const std::string_view term = analyzer.term(token.surface);
    const std::optional<std::uint32_t> number = segment.find_term(term);
    if (number) terms.push_back(*number);
  };
  if (weights.title != 0) for_each_token(chunk.title, collect);
  if (weights.section != 0) for_each_token(chunk.section, collect);
  for_each_token(chunk.text, collect);
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

}  // namespace liquid::search
