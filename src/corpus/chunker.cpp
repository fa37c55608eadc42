#include "corpus/chunker.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "corpus/tokens.h"
#include "corpus/units.h"

namespace liquid::corpus {
namespace {

// A section below max / kSmall tokens is joined by the next one under the same second-level
// heading.
constexpr std::size_t kSmall = 8;
// A heading above max / kLongHeading tokens is cut like a paragraph.
constexpr std::size_t kLongHeading = 4;
constexpr std::size_t kUpperLevels = 2;

/// A stretch of one block's text.
struct Slice {
  const Block* block = nullptr;
  TextRange range;
  std::size_t tokens = 0;

  std::string_view text() const {
    return std::string_view(block->text).substr(range.begin, range.end - range.begin);
  }
};

// Without white space at either end.
Slice slice_of(const Block& block, TextRange range) {
  Slice slice{&block, trimmed(block.text, range), 0};
  slice.tokens = count_tokens(slice.text());
  return slice;
}

std::size_t tokens_of(const std::vector<Slice>& slices) {
  std::size_t tokens = 0;
  for (const Slice& slice : slices) tokens += slice.tokens;
  return tokens;
}

std::size_t common_length(const std::vector<std::string>& left,
                          const std::vector<std::string>& right) {
  const auto [at, other] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  (void)other;
  return static_cast<std::size_t>(at - left.begin());
}

/// Packs the blocks of one document into chunks.
///
/// Invariants: `slices_` has at most `max_tokens`; its first `repeated_` slices stand in the chunk
/// before, too; a finished chunk ends with a heading only at the end of the document.
class Packer {
 public:
  Packer(const Document& document, const ChunkOptions& options)
      : document_(document), options_(options) {}

  std::vector<Chunk> run() {
    for (const Block& block : document_.blocks) add(block);
    finish_chunk();
    return std::move(chunks_);
  }

 private:
  void add(const Block& block) {
    const Slice whole = slice_of(block, {0, block.text.size()});
    if (whole.tokens == 0) return;
    if (begins_new_chunk(block)) split_here(0);
    if (fits(whole.tokens) || make_room(whole)) {
      push(whole);
    } else {
      add_in_units(block);
    }
  }

  bool is_heading(const Slice& slice) const {
    return slice.block->kind == BlockKind::heading &&
           slice.tokens <= options_.max_tokens / kLongHeading;
  }

  // Index of the first slice of the headings the collected slices end with. A long run of headings
  // (an outline without text) counts as text, so that there is always room behind them.
  std::size_t trailing_headings() const {
    std::size_t first = slices_.size();
    std::size_t tokens = 0;
    while (first > repeated_ && is_heading(slices_[first - 1])) {
      tokens += slices_[first - 1].tokens;
      if (tokens > options_.max_tokens / 2) break;
      --first;
    }
    return first;
  }

  bool has_body() const { return trailing_headings() > repeated_; }

  bool begins_new_chunk(const Block& block) const {
    if (!has_body()) return false;  // Headings without text under them wait for the next text.
    const Block& last = *slices_.back().block;
    if (block.page != last.page) return true;
    if (block.section == last.section) return false;
    const std::size_t common = common_length(block.section, last.section);
    const bool crosses_upper =
        common < std::min(kUpperLevels, std::max(block.section.size(), last.section.size()));
    return crosses_upper || tokens_of(slices_) * kSmall >= options_.max_tokens;
  }

  bool fits(std::size_t tokens) const { return tokens_of(slices_) + tokens <= options_.max_tokens; }

  // Ends the chunk if `next` then fits whole into the one after it.
  bool make_room(const Slice& next) {
    std::size_t headings = 0;
    for (std::size_t i = trailing_headings(); i < slices_.size(); ++i) {
      headings += slices_[i].tokens;
    }
    if (!has_body() || headings + next.tokens > options_.max_tokens) return false;
    split_here(options_.max_tokens - headings - next.tokens);
    return true;
  }

  // Ends the chunk; headings that belong to what comes next move on, otherwise up to
  // `max_overlap` tokens of its end are repeated.
  void split_here(std::size_t max_overlap) {
    const std::size_t first = trailing_headings();
    std::vector<Slice> next(slices_.begin() + static_cast<std::ptrdiff_t>(first), slices_.end());
    slices_.resize(first);
    const std::size_t headings = next.size();
    if (headings == 0) next = tail(std::min(max_overlap, options_.overlap_tokens));
    finish_chunk();
    slices_ = std::move(next);
    repeated_ = headings == 0 ? slices_.size() : 0;
  }

  void add_in_units(const Block& block) {
    for (const TextRange& range : units_of(block.text, block.kind)) {
      const Slice unit = slice_of(block, range);
      if (fits(unit.tokens) || make_room(unit)) {
        push(unit);
      } else {
        add_in_words(unit);
      }
    }
  }

  // A word is only cut when it does not fit into a chunk of its own.
  void add_in_words(const Slice& unit) {
    const WordPlaces places(unit.text());
    for (std::size_t next = 0; next < places.tokens();) {
      const std::size_t word = places.end_of_word(next, options_.max_tokens) - next;
      if (!fits(word) && has_body()) {
        split_here(options_.max_tokens - word);
        continue;
      }
      const std::size_t end = places.end_of_words(next, options_.max_tokens - tokens_of(slices_));
      push(slice_of(*unit.block, {unit.range.begin + places.offset(next),
                                  unit.range.begin + places.offset(end)}));
      next = end;
    }
  }

  void push(const Slice& slice) {
    if (!slices_.empty() && slices_.back().block == slice.block) {
      // The gap between two units is white space, which stays as it is.
      Slice& last = slices_.back();
      if (repeated_ == slices_.size()) --repeated_;
      last.range.end = slice.range.end;
      last.tokens += slice.tokens;
      return;
    }
    slices_.push_back(slice);
  }

  // The end of the collected slices, in whole blocks and units where they fit.
  std::vector<Slice> tail(std::size_t max_tokens) const {
    std::vector<Slice> found;
    std::size_t room = max_tokens;
    for (std::size_t i = slices_.size(); i > 0 && room > 0; --i) {
      const Slice& slice = slices_[i - 1];
      if (is_heading(slice) || slice.block->section != slices_.back().block->section) break;
      Slice end = slice.tokens <= room ? slice : last_units(slice, room);
      if (end.tokens == 0 && found.empty()) end = last_words(slice, room);
      if (end.tokens == 0) break;
      found.insert(found.begin(), end);
      room -= end.tokens;
      if (!(end.range == slice.range)) break;
    }
    return found;
  }

  static Slice last_units(const Slice& slice, std::size_t max_tokens) {
    Slice found = slice_of(*slice.block, {slice.range.end, slice.range.end});
    const std::vector<TextRange> units = units_of(slice.text(), slice.block->kind);
    for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
      const Slice longer =
          slice_of(*slice.block, {slice.range.begin + unit->begin, slice.range.end});
      if (longer.tokens > max_tokens) break;
      found = longer;
    }
    return found;
  }

  // A part of a line of code or of a table's row says nothing by itself.
  static Slice last_words(const Slice& slice, std::size_t max_tokens) {
    const bool prose =
        slice.block->kind != BlockKind::code && slice.block->kind != BlockKind::table;
    const std::size_t start = prose ? start_of_last(slice.text(), max_tokens) : slice.text().size();
    return slice_of(*slice.block, {slice.range.begin + start, slice.range.end});
  }

  void finish_chunk() {
    if (slices_.size() > repeated_) chunks_.push_back(make_chunk());
    slices_.clear();
    repeated_ = 0;
  }

  Chunk make_chunk() const {
    Chunk chunk;
    chunk.document_id = document_.id;
    chunk.ordinal = static_cast<std::uint32_t>(chunks_.size());
    chunk.title = document_.title;
    chunk.section = section();
    chunk.page = slices_.front().block->page;
    chunk.span = span();
    for (std::size_t i = 0; i < slices_.size(); ++i) {
      if (i > 0) chunk.text += separator(*slices_[i - 1].block, *slices_[i].block);
      chunk.text += slices_[i].text();
    }
    return chunk;
  }

  static std::string_view separator(const Block& before, const Block& next) {
    const bool close = before.kind == next.kind &&
                       (next.kind == BlockKind::list_item || next.kind == BlockKind::heading);
    return close ? "\n" : "\n\n";
  }

  // What all the text of the chunk is under; without text, what its last heading says.
  std::string section() const {
    std::optional<std::vector<std::string>> path;
    for (const Slice& slice : slices_) {
      if (is_heading(slice)) continue;
      if (!path) path = slice.block->section;
      path->resize(common_length(*path, slice.block->section));
    }
    if (!path) path = slices_.back().block->section;
    if (!path->empty() && path->front() == document_.title) path->erase(path->begin());
    std::string joined;
    for (const std::string& heading : *path) {
      if (!joined.empty()) joined += " > ";
      joined += heading;
    }
    return joined;
  }

  ByteSpan span() const {
    ByteSpan all =
        source_span(*slices_.front().block, slices_.front().range.begin, slices_.front().range.end);
    for (const Slice& slice : slices_) {
      const ByteSpan one = source_span(*slice.block, slice.range.begin, slice.range.end);
      all.begin = std::min(all.begin, one.begin);
      all.end = std::max(all.end, one.end);
    }
    return all;
  }

  const Document& document_;
  const ChunkOptions& options_;
  std::vector<Slice> slices_;
  std::size_t repeated_ = 0;
  std::vector<Chunk> chunks_;
};

}  // namespace

Result<void> validate(const ChunkOptions& options) {
  if (options.max_tokens < kMinChunkTokens || options.max_tokens > kMaxChunkTokens) {
    return Error{ErrorCode::invalid_argument,
                 "chunk size of " + std::to_string(options.max_tokens) + " tokens; expected " +
                     std::to_string(kMinChunkTokens) + " to " + std::to_string(kMaxChunkTokens)};
  }
  if (options.overlap_tokens * 2 >= options.max_tokens) {
    return Error{ErrorCode::invalid_argument,
                 "chunk overlap of " + std::to_string(options.overlap_tokens) +
                     " tokens; expected less than half of the chunk size " +
                     std::to_string(options.max_tokens)};
  }
  return {};
}

std::vector<Chunk> chunk(const Document& document, const ChunkOptions& options) {
  return Packer(document, options).run();
}

}  // namespace liquid::corpus
