#include "search/segment_merge.h"

#include <algorithm>
#include <limits>

#include "search/position_codec.h"
#include "search/string_table.h"

namespace liquid::search {
namespace {

constexpr std::uint32_t kGone = std::numeric_limits<std::uint32_t>::max();

struct DocumentAt {
  std::uint32_t source = 0;
  std::uint32_t document = 0;
};

struct Posting {
  std::uint32_t chunk = 0;
  std::uint16_t weight = 0;
  std::uint32_t source = 0;
  std::uint32_t positions_begin = 0;
  std::uint32_t positions_end = 0;
};

class Merge {
 public:
  explicit Merge(std::span<const SegmentView> sources) : sources_(sources) {}

  Segment run(const LengthNorm& norm) {
    reserve();
    place_documents();
    place_terms();
    new_chunks_ = {};
    postings_ = {};
    joined_ = {};
    shrink();
    merged_.reference = norm;
    merged_.derive();
    return std::move(merged_);
  }

 private:
  const Segment& source(std::uint32_t index) const { return *sources_[index].segment; }

  void reserve() {
    std::size_t postings = 0;
    std::size_t positions = 0;
    for (const SegmentView& view : sources_) {
      postings += view.segment->posting_chunks.size();
      positions += view.segment->positions.size();
    }
    merged_.posting_chunks.reserve(postings);
    merged_.posting_weights.reserve(postings);
    merged_.positions.reserve(positions);
    reserve_documents();
  }

  // Exact where it can be: vectors that double hold up to twice what they need, and here that stays
  // for the segment's life.
  void reserve_documents() {
    std::size_t documents = 0;
    std::size_t chunks = 0;
    std::size_t id_bytes = 0;
    for (const SegmentView& view : sources_) {
      documents += view.live_documents();
      chunks += view.live_chunks();
      id_bytes += view.segment->document_ids.text_bytes();
    }
    merged_.document_ids.reserve(documents, id_bytes);
    merged_.first_chunk.reserve(documents + 1);
    merged_.first_row.reserve(documents);
    merged_.document_path.reserve(documents);
    merged_.document_metadata.reserve(documents);
    merged_.lengths.reserve(chunks);
  }

  // How many terms the sources have in common is only known now.
  void shrink() {
    merged_.terms.shrink_to_fit();
    merged_.posting_begin.shrink_to_fit();
    merged_.position_begin.shrink_to_fit();
  }

  std::vector<DocumentAt> living_documents() const {
    std::vector<DocumentAt> living;
    for (std::uint32_t s = 0; s < sources_.size(); ++s) {
      for (std::uint32_t d = 0; d < source(s).document_count(); ++d) {
        if (!sources_[s].document_is_dead(d)) living.push_back({s, d});
      }
    }
    std::sort(living.begin(), living.end(), [&](const DocumentAt& a, const DocumentAt& b) {
      return source(a.source).document_ids[a.document] < source(b.source).document_ids[b.document];
    });
    return living;
  }

  static std::uint32_t intern(StringList& list, StringTable& known, std::string_view text) {
    const StringTable::Found found = known.number_of(text);
    if (found.added)
      static_cast<void>(list.push_back(text));  // as long as the table, which took it
    return found.number;
  }

  void place_documents() {
    for (const SegmentView& view : sources_) {
      new_chunks_.emplace_back(view.segment->chunk_count(), kGone);
    }
    StringTable paths;
    StringTable metadata;
    merged_.first_chunk.push_back(0);
    for (const DocumentAt& at : living_documents()) {
      const Segment& from = source(at.source);
      static_cast<void>(merged_.document_ids.push_back(from.document_ids[at.document]));
      merged_.first_row.push_back(from.first_row[at.document]);
      merged_.document_path.push_back(
          intern(merged_.paths, paths, from.paths[from.document_path[at.document]]));
      merged_.document_metadata.push_back(
          intern(merged_.metadata, metadata, from.metadata[from.document_metadata[at.document]]));
      place_chunks(at);
    }
  }

  void place_chunks(const DocumentAt& at) {
    const Segment& from = source(at.source);
    for (std::uint32_t i = from.first_chunk[at.document]; i < from.first_chunk[at.document + 1];
         ++i) {
      new_chunks_[at.source][i] = merged_.chunk_count();
      merged_.lengths.push_back(from.lengths[i]);
      merged_.total_length += from.lengths[i];
    }
    merged_.first_chunk.push_back(merged_.chunk_count());
  }

  // Every source's sorted terms, joined.
  void place_terms() {
    std::vector<std::uint32_t> next(sources_.size());
    merged_.posting_begin.push_back(0);
    merged_.position_begin.push_back(0);
    for (;;) {
      const std::optional<std::string_view> smallest = smallest_term(next);
      if (!smallest) return;
      postings_.clear();
      runs_.assign(1, 0);
      for (std::uint32_t s = 0; s < sources_.size(); ++s) {
        if (next[s] < source(s).term_count() && source(s).terms[next[s]] == *smallest) {
          collect(s, next[s]++);
          runs_.push_back(postings_.size());
        }
      }
      if (!postings_.empty()) append_term(*smallest);
    }
  }

  std::optional<std::string_view> smallest_term(const std::vector<std::uint32_t>& next) const {
    std::optional<std::string_view> smallest;
    for (std::uint32_t s = 0; s < sources_.size(); ++s) {
      if (next[s] >= source(s).term_count()) continue;
      const std::string_view term = source(s).terms[next[s]];
      if (!smallest || term < *smallest) smallest = term;
    }
    return smallest;
  }

  void collect(std::uint32_t index, std::uint32_t term) {
    const Segment& from = source(index);
    std::size_t at = from.position_begin[term];
    for (std::uint32_t i = from.posting_begin[term]; i < from.posting_begin[term + 1]; ++i) {
      const auto begin = static_cast<std::uint32_t>(at);
      skip_positions(from.positions, at);
      const std::uint32_t chunk = new_chunks_[index][from.posting_chunks[i]];
      if (chunk == kGone) continue;
      postings_.push_back(
          {chunk, from.posting_weights[i], index, begin, static_cast<std::uint32_t>(at)});
    }
  }

  // Each source's postings ascend already: joining neighbours until one run is left compares far
  // less than a sort would.
  void join_runs() {
    const auto earlier = [](const Posting& a, const Posting& b) { return a.chunk < b.chunk; };
    if (std::is_sorted(postings_.begin(), postings_.end(), earlier)) return;
    const auto at = [this](std::size_t run) {
      return postings_.begin() + static_cast<std::ptrdiff_t>(runs_[run]);
    };
    while (runs_.size() > 2) {
      joined_.resize(postings_.size());
      auto out = joined_.begin();
      std::size_t kept = 0;
      for (std::size_t run = 0; run + 1 < runs_.size(); run += 2) {
        const std::size_t middle = run + 1;
        const std::size_t end = std::min(run + 2, runs_.size() - 1);
        out = std::merge(at(run), at(middle), at(middle), at(end), out, earlier);
        runs_[++kept] = runs_[end];
      }
      runs_.resize(kept + 1);
      postings_.swap(joined_);
    }
  }

  void append_term(std::string_view term) {
    join_runs();
    static_cast<void>(merged_.terms.push_back(term));
    for (const Posting& posting : postings_) {
      const std::vector<std::uint8_t>& bytes = source(posting.source).positions;
      merged_.posting_chunks.push_back(posting.chunk);
      merged_.posting_weights.push_back(posting.weight);
      merged_.positions.insert(merged_.positions.end(), bytes.begin() + posting.positions_begin,
                               bytes.begin() + posting.positions_end);
    }
    merged_.posting_begin.push_back(static_cast<std::uint32_t>(merged_.posting_chunks.size()));
    merged_.position_begin.push_back(static_cast<std::uint32_t>(merged_.positions.size()));
  }

  std::span<const SegmentView> sources_;
  std::vector<std::vector<std::uint32_t>> new_chunks_;  // per source: old chunk number → new one
  std::vector<Posting> postings_;                       // of the term at hand, source by source
  std::vector<std::size_t> runs_;                       // where each source's begin, and the end
  std::vector<Posting> joined_;                         // what `join_runs` writes to
  Segment merged_;
};

}  // namespace

Segment merge_segments(std::span<const SegmentView> sources, const LengthNorm& norm) {
  return Merge(sources).run(norm);
}

}  // namespace liquid::search
