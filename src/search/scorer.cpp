#include "search/scorer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "search/filter.h"

namespace liquid::search {
namespace {

// Chunks scored together: their sums (4 bytes each) stay in the first-level cache.
constexpr std::uint32_t kWindow = 4096;

/// A place in one posting list that only moves forward.
struct Cursor {
  PostingList list;
  float weight = 0.0F;             // of the word in this question, scaled to kFullScore
  std::size_t word = 0;            // index into the question's words
  std::uint32_t term = 0;          // in the segment
  std::uint32_t at = 0;            // posting
  std::uint32_t window_bound = 0;  // no posting of the window scores more

  std::uint32_t size() const { return static_cast<std::uint32_t>(list.chunks.size()); }
  bool stands_on(std::uint32_t chunk) const { return at < size() && list.chunks[at] == chunk; }

  /// Moves to the first posting of `chunk` or a later one. `chunk` must exist.
  void advance(std::uint32_t chunk) {
    if (!list.members.empty()) {
      at = std::max(at, list.members.rank(chunk));
    } else if (at < size() && list.chunks[at] < chunk) {
      advance_by_blocks(chunk);
    }
  }

 private:
  void advance_by_blocks(std::uint32_t chunk) {
    const auto blocks = static_cast<std::uint32_t>(list.block_last.size());
    std::uint32_t block = at / Segment::kBlockSize;
    if (list.block_last[block] < chunk) {
      block = find_block(block, blocks, chunk);
      if (block == blocks) {
        at = size();
        return;
      }
      at = block * Segment::kBlockSize;
    }
    // Without branches: which half holds the chunk is a coin toss that no predictor can learn.
    const std::uint32_t* from = list.chunks.data() + at;
    std::uint32_t left = std::min(size(), (block + 1) * Segment::kBlockSize) - at;
    while (left > 1) {
      const std::uint32_t half = left / 2;
      from += from[half - 1] < chunk ? half : 0;
      left -= half;
    }
    at = static_cast<std::uint32_t>(from - list.chunks.data());
  }

  // Doubling steps: the next candidate is usually near.
  std::uint32_t find_block(std::uint32_t from, std::uint32_t blocks, std::uint32_t chunk) const {
    std::uint32_t step = 1;
    std::uint32_t low = from + 1;
    while (low + step < blocks && list.block_last[low + step - 1] < chunk) {
      low += step;
      step *= 2;
    }
    const auto* begin = list.block_last.data();
    const auto* end = begin + std::min(blocks, low + step);
    return static_cast<std::uint32_t>(std::lower_bound(begin + low, end, chunk) - begin);
  }
};

/// What the question's words weigh in this snapshot.
struct Weights {
  std::vector<float> scaled;  // per word; kFullScore shared among all of them
  double best_possible = 0.0;
};

Weights weigh(const Snapshot& snapshot, const Question& question) {
  Weights weights;
  std::vector<double> plain;
  for (const Question::Word& word : question.words) {
    const double idf = snapshot.idf(snapshot.document_frequency(word.term));
    plain.push_back(word.count * idf * (snapshot.norms.norm().k1 + 1.0));
    weights.best_possible += plain.back();
  }
  for (const double weight : plain) {
    weights.scaled.push_back(static_cast<float>(weight * (kFullScore / weights.best_possible)));
  }
  return weights;
}

/// Scores the chunks of one view.
class ViewScorer {
 public:
  ViewScorer(const Snapshot& snapshot, std::uint32_t view, const Question& question,
             const Filter& filter, TopChunks& top)
      : norms_(snapshot.norms),
        view_(snapshot.views[view]),
        segment_(*view_.segment),
        view_index_(view),
        question_(question),
        filter_(filter, segment_),
        top_(top) {
    for (std::size_t i = 0; i < factors_.size(); ++i) {
      factors_[i] = segment_.bound(static_cast<std::uint8_t>(i), norms_.norm());
    }
  }

  void run(const std::vector<float>& weights) {
    if (!place_cursors(weights)) return;
    needed_ = top_.needed(view_index_);
    if (total_bound() < needed_) return;
    for (std::uint64_t base = first_chunk(); base < segment_.chunk_count(); base += kWindow) {
      base_ = static_cast<std::uint32_t>(base);
      end_ = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(base + kWindow, segment_.chunk_count()));
      score_window();
    }
  }

 private:
  // False when a required word does not occur here, or no word does.
  bool place_cursors(const std::vector<float>& weights) {
    std::vector<std::size_t> cursor_of(question_.words.size(), question_.words.size());
    for (std::size_t word = 0; word < question_.words.size(); ++word) {
      const std::optional<std::uint32_t> term = segment_.find_term(question_.words[word].term);
      if (!term) continue;
      cursor_of[word] = cursors_.size();
      cursors_.push_back(
          {.list = segment_.postings(*term), .weight = weights[word], .word = word, .term = *term});
    }
    for (const Question::Phrase& phrase : question_.phrases) {
      for (const Question::Step& step : phrase) {
        const std::size_t cursor = cursor_of[step.word];
        if (cursor == question_.words.size()) return false;
        if (!driver_ || cursors_[cursor].size() < cursors_[*driver_].size()) driver_ = cursor;
      }
    }
    cursor_of_ = std::move(cursor_of);
    order_.resize(cursors_.size());
    std::iota(order_.begin(), order_.end(), 0U);
    before_bound_.resize(cursors_.size() + 1);
    return !cursors_.empty();
  }

  std::uint32_t limit(const Cursor& cursor, std::uint8_t bound) const {
    return static_cast<std::uint32_t>(cursor.weight * factors_[bound]) + 1;
  }

  std::uint64_t total_bound() const {
    std::uint64_t total = 0;
    for (const Cursor& cursor : cursors_) total += limit(cursor, cursor.list.bound);
    return total;
  }

  std::uint32_t first_chunk() const {
    std::uint32_t first = segment_.chunk_count();
    for (const Cursor& cursor : cursors_) first = std::min(first, cursor.list.chunks.front());
    return first / kWindow * kWindow;
  }

  void score_window() {
    bound_window();
    if (before_bound_.back() < needed_) return;
    // Words before `essential` cannot lift a chunk over the threshold on their own.
    std::size_t essential = 0;
    while (essential < order_.size() && before_bound_[essential + 1] < needed_) ++essential;
    if (driver_) essential = order_.size() - 1;
    if (essential + 1 == order_.size()) {
      score_one_list(cursors_[order_.back()], essential);
    } else {
      score_lists(essential);
    }
  }

  // Orders the words by what they can add in this window, least first.
  void bound_window() {
    for (Cursor& cursor : cursors_) {
      cursor.advance(base_);
      std::uint8_t best = 0;
      if (cursor.at < cursor.size() && cursor.list.chunks[cursor.at] < end_) {
        const std::size_t blocks = cursor.list.block_last.size();
        for (std::size_t block = cursor.at / Segment::kBlockSize; block < blocks; ++block) {
          best = std::max(best, cursor.list.block_bound[block]);
          if (cursor.list.block_last[block] >= end_) break;
        }
      }
      cursor.window_bound = best == 0 ? 0 : limit(cursor, best);
    }
    std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
      if (driver_ && (a == *driver_) != (b == *driver_)) return b == *driver_;
      return cursors_[a].window_bound < cursors_[b].window_bound;
    });
    for (std::size_t i = 0; i < order_.size(); ++i) {
      before_bound_[i + 1] = before_bound_[i] + cursors_[order_[i]].window_bound;
    }
  }

  std::uint32_t contribution(const Cursor& cursor, std::uint32_t posting) const {
    const auto weight = static_cast<float>(cursor.list.weights[posting]);
    const float norm = norms_(segment_.lengths[cursor.list.chunks[posting]]);
    return static_cast<std::uint32_t>(
        static_cast<std::int32_t>(cursor.weight * (weight / (weight + norm))));
  }

  void score_one_list(Cursor& cursor, std::size_t essential) {
    while (cursor.at < cursor.size() && cursor.list.chunks[cursor.at] < end_) {
      const std::uint32_t block = cursor.at / Segment::kBlockSize;
      const std::uint32_t block_end = std::min(cursor.size(), (block + 1) * Segment::kBlockSize);
      if (before_bound_[essential] + limit(cursor, cursor.list.block_bound[block]) < needed_) {
        // What reaches into the next window is that window's matter: other lists count there.
        if (cursor.list.chunks[block_end - 1] >= end_) return;
        cursor.at = block_end;
        continue;
      }
      for (; cursor.at < block_end && cursor.list.chunks[cursor.at] < end_; ++cursor.at) {
        const std::uint32_t score = contribution(cursor, cursor.at);
        if (before_bound_[essential] + score >= needed_) {
          complete(cursor.list.chunks[cursor.at], score, essential);
        }
      }
    }
  }

  void score_lists(std::size_t essential) {
    for (std::size_t i = essential; i < order_.size(); ++i) {
      Cursor& cursor = cursors_[order_[i]];
      for (; cursor.at < cursor.size() && cursor.list.chunks[cursor.at] < end_; ++cursor.at) {
        const std::uint32_t slot = cursor.list.chunks[cursor.at] - base_;
        sums_[slot] += contribution(cursor, cursor.at);
        touched_[slot / 64] |= std::uint64_t{1} << (slot % 64);
      }
    }
    for (std::uint32_t word = 0; word < touched_.size(); ++word) {
      for (std::uint64_t bits = std::exchange(touched_[word], 0); bits != 0; bits &= bits - 1) {
        const std::uint32_t slot = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
        const std::uint32_t score = std::exchange(sums_[slot], 0);
        if (before_bound_[essential] + score >= needed_) complete(base_ + slot, score, essential);
      }
    }
  }

  // Adds what the other words give and offers the chunk, unless it falls below the threshold on the
  // way.
  void complete(std::uint32_t chunk, std::uint32_t score, std::size_t essential) {
    for (std::size_t i = essential; i-- > 0;) {
      if (before_bound_[i + 1] + score < needed_) return;
      Cursor& cursor = cursors_[order_[i]];
      if (!cursor.list.members.empty() && !cursor.list.members.holds(chunk)) continue;
      cursor.advance(chunk);
      if (cursor.stands_on(chunk)) score += contribution(cursor, cursor.at);
    }
    if (score < needed_ || view_.chunk_is_dead(chunk)) return;
    if (!filter_.accepts_all() && !filter_.accepts(segment_.document_of(chunk))) return;
    if (!phrases_occur(chunk)) return;
    top_.offer({score, view_index_, chunk});
    needed_ = top_.needed(view_index_);
  }

  bool phrases_occur(std::uint32_t chunk) {
    return std::all_of(
        question_.phrases.begin(), question_.phrases.end(),
        [&](const Question::Phrase& phrase) { return phrase_occurs(phrase, chunk); });
  }

  bool phrase_occurs(const Question::Phrase& phrase, std::uint32_t chunk) {
    std::vector<std::vector<std::uint32_t>> positions(phrase.size());
    for (std::size_t i = 0; i < phrase.size(); ++i) {
      Cursor& cursor = cursors_[cursor_of_[phrase[i].word]];
      cursor.advance(chunk);
      if (!cursor.stands_on(chunk)) return false;
      segment_.positions_of(cursor.term, cursor.at, positions[i]);
    }
    return std::any_of(positions[0].begin(), positions[0].end(), [&](std::uint32_t first) {
      for (std::size_t i = 1; i < phrase.size(); ++i) {
        const std::uint32_t wanted = first + phrase[i].offset;
        if (!std::binary_search(positions[i].begin(), positions[i].end(), wanted)) return false;
      }
      return true;
    });
  }

  const NormTable& norms_;
  const SegmentView& view_;
  const Segment& segment_;
  const std::uint32_t view_index_;
  const Question& question_;
  SegmentFilter filter_;
  TopChunks& top_;

  std::array<float, 256> factors_{};  // what a stored bound means today
  std::vector<Cursor> cursors_;
  std::vector<std::size_t> cursor_of_;       // per word of the question
  std::optional<std::size_t> driver_;        // rarest required word: only its chunks are looked at
  std::vector<std::size_t> order_;           // cursors, least window bound first
  std::vector<std::uint64_t> before_bound_;  // sum of the window bounds of order_[0..i)
  std::uint32_t needed_ = 0;
  std::uint32_t base_ = 0;
  std::uint32_t end_ = 0;
  std::array<std::uint32_t, kWindow> sums_{};
  std::array<std::uint64_t, kWindow / 64> touched_{};
};

}  // namespace

Ranking rank(const Snapshot& snapshot, const Question& question, const Filter& filter,
             std::size_t top_k) {
  if (question.words.empty() || top_k == 0 || snapshot.chunks == 0) return {};
  const Weights weights = weigh(snapshot, question);
  TopChunks top(snapshot, top_k);
  std::vector<std::uint32_t> order(snapshot.views.size());
  std::iota(order.begin(), order.end(), 0U);
  // The largest first: it raises the threshold for the others.
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return snapshot.views[a].segment->chunk_count() > snapshot.views[b].segment->chunk_count();
  });
  for (const std::uint32_t view : order) {
    ViewScorer(snapshot, view, question, filter, top).run(weights.scaled);
  }
  return {top.take(), weights.best_possible};
}

}  // namespace liquid::search
