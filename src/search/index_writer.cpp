#include "search/index_writer.h"

#include <algorithm>
#include <utility>

#include "search/filter.h"

namespace liquid::search {
namespace {

// Postings a segment under construction may hold: about 100 MB of memory.
constexpr std::size_t kFlushPostings = 4'000'000;

Result<void> validate(const corpus::Document& document, const std::vector<corpus::Chunk>& chunks) {
  if (document.id.empty()) return Error{ErrorCode::invalid_argument, "a document needs an id"};
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (chunks[i].document_id != document.id) {
      return Error{ErrorCode::invalid_argument, "document '" + document.id.str() +
                                                    "': a chunk belongs to '" +
                                                    chunks[i].document_id.str() + "'"};
    }
    if (i > 0 && chunks[i].ordinal <= chunks[i - 1].ordinal) {
      return Error{ErrorCode::invalid_argument,
                   "document '" + document.id.str() + "': chunk ordinals do not ascend"};
    }
  }
  return {};
}

}  // namespace

LengthNorm norm_of(const Settings& settings) {
  return {.k1 = settings.k1,
          .b = settings.b,
          .average = 1.0,
          .unit = FieldWeights::from(settings).text};
}

IndexWriter::IndexWriter(Store store, Analyzer analyzer, const Settings& settings,
                         const Snapshot& committed, const StoredState& state)
    : store_(std::move(store)),
      analyzer_(std::move(analyzer)),
      weights_(FieldWeights::from(settings)),
      norm_(norm_of(settings)),
      builder_(weights_),
      committed_(committed.views),
      committed_state_(state),
      views_(committed_),
      state_(state) {}

template <typename T>
Result<T> IndexWriter::fail(Error error) {
  transaction_.reset();  // rolls back
  builder_.clear();
  own_.clear();
  views_ = committed_;
  state_ = committed_state_;
  failure_ = error;
  return error;
}

Result<void> IndexWriter::put(const corpus::Document& document,
                              const std::vector<corpus::Chunk>& chunks) {
  if (failure_) return *failure_;
  Result<void> valid = validate(document, chunks);
  if (!valid) return valid;
  Result<void> done = put_now(document, chunks);
  if (!done) return fail<void>(std::move(done).error());
  return done;
}

Result<bool> IndexWriter::remove(std::string_view document_id) {
  if (failure_) return *failure_;
  Result<bool> done = remove_now(document_id);
  if (!done) return fail<bool>(std::move(done).error());
  return done;
}

Result<std::optional<Snapshot>> IndexWriter::commit() {
  if (failure_) return *std::exchange(failure_, std::nullopt);
  if (idle()) return std::optional<Snapshot>();
  Result<std::optional<Snapshot>> done = commit_now();
  if (!done) {
    Error error = std::move(done).error();
    static_cast<void>(fail<void>(error));
    failure_.reset();  // told here and now
    return error;
  }
  return done;
}

Result<void> IndexWriter::begin() {
  if (transaction_) return {};
  Result<sql::Transaction> begun =
      sql::Transaction::begin(store_.database(), sql::TransactionKind::write);
  if (!begun) return std::move(begun).error();
  transaction_.emplace(std::move(begun).value());
  return {};
}

Result<void> IndexWriter::put_now(const corpus::Document& document,
                                  const std::vector<corpus::Chunk>& chunks) {
  const Result<bool> replaced = remove_now(document.id.str());
  if (!replaced) return replaced.error();
  Result<void> done = begin();
  if (!done) return done;
  const std::int64_t first_row = state_.next_row;
  done = store_.add_document(document, first_row, chunks.size());
  for (std::size_t i = 0; i < chunks.size() && done; ++i) {
    done = store_.add_chunk(state_.next_row++, chunks[i]);
  }
  if (!done) return done;
  const std::string metadata = encode_metadata(document.metadata);
  builder_.add({document.id.str(), document.path, metadata, first_row}, chunks, analyzer_);
  ContentEpoch epoch(state_.epoch);
  epoch.add(document.id.str(), document.content_hash);
  state_.epoch = epoch.digest();
  return builder_.postings() < kFlushPostings ? Result<void>() : flush();
}

Result<bool> IndexWriter::remove_now(std::string_view document_id) {
  const std::optional<Place> place = find(document_id);
  const bool building = builder_.holds(document_id);
  if (!place && !building) return false;
  Result<void> done = begin();
  if (!done) return std::move(done).error();
  const Result<std::optional<StoredDocument>> stored = store_.document(document_id);
  if (!stored) return stored.error();
  if (!*stored) {
    return Error{ErrorCode::data_corrupt, "document '" + std::string(document_id) +
                                              "' is in a segment but not in the store"};
  }
  if (building) builder_.drop(document_id);
  if (place) done = bury(*place, **stored);
  if (done) done = store_.remove_document(document_id, (*stored)->first_row, (*stored)->row.chunks);
  if (!done) return std::move(done).error();
  ContentEpoch epoch(state_.epoch);
  epoch.subtract(document_id, (*stored)->row.content_hash);
  state_.epoch = epoch.digest();
  return true;
}

std::optional<IndexWriter::Place> IndexWriter::find(std::string_view document_id) const {
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const std::optional<std::uint32_t> document = views_[i].segment->find_document(document_id);
    if (document && !views_[i].document_is_dead(*document)) return Place{i, *document};
  }
  return std::nullopt;
}

Result<void> IndexWriter::bury(const Place& place, const StoredDocument& document) {
  SegmentView& view = views_[place.view];
  const Result<std::vector<LostTerm>> lost = lost_terms(*view.segment, document);
  if (!lost) return lost.error();
  Result<void> written = store_.add_tombstone(view.id, place.document, *lost);
  if (!written) return written;
  own_tombstones(view).bury(*view.segment, place.document, *lost);
  return {};
}

// Reads the document's text once more: cheaper than keeping every document's terms for the day it
// goes.
Result<std::vector<LostTerm>> IndexWriter::lost_terms(const Segment& segment,
                                                      const StoredDocument& document) {
  std::vector<std::uint32_t> terms;
  for (std::uint64_t i = 0; i < document.row.chunks; ++i) {
    const Result<std::optional<StoredChunk>> stored =
        store_.chunk(document.first_row + static_cast<std::int64_t>(i));
    if (!stored) return stored.error();
    if (!*stored) {
      return Error{ErrorCode::data_corrupt, "a chunk of '" + document.row.id + "' is missing"};
    }
    const std::vector<std::uint32_t> of_chunk =
        distinct_terms(analyzer_, weights_, segment, (*stored)->chunk);
    terms.insert(terms.end(), of_chunk.begin(), of_chunk.end());
  }
  std::sort(terms.begin(), terms.end());
  std::vector<LostTerm> lost;
  for (const std::uint32_t term : terms) {
    if (lost.empty() || lost.back().term != term) lost.push_back({term, 0});
    ++lost.back().chunks;
  }
  return lost;
}

Tombstones& IndexWriter::own_tombstones(SegmentView& view) {
  std::shared_ptr<Tombstones>& own = own_[view.id];
  if (own == nullptr) {
    own = view.dead != nullptr ? std::make_shared<Tombstones>(*view.dead)
                               : std::make_shared<Tombstones>(*view.segment);
    view.dead = own;
  }
  return *own;
}

Result<void> IndexWriter::flush() {
  if (builder_.empty()) {
    builder_.clear();
    return {};
  }
  auto segment = std::make_shared<Segment>(builder_.finish(norm_));
  const Result<StoredSegment> stored = store_.add_segment(*segment);
  if (!stored) return stored.error();
  views_.push_back({stored->id, std::move(segment), nullptr, stored->bytes});
  return {};
}

Result<void> IndexWriter::drop_empty_views() {
  for (auto view = views_.begin(); view != views_.end();) {
    if (view->live_documents() != 0) {
      ++view;
      continue;
    }
    Result<void> removed = store_.remove_segment(view->id);
    if (!removed) return removed;
    own_.erase(view->id);
    view = views_.erase(view);
  }
  return {};
}

Result<std::optional<Snapshot>> IndexWriter::commit_now() {
  Result<void> done = flush();
  if (done) done = drop_empty_views();
  if (!done) return std::move(done).error();
  ++state_.generation;
  done = store_.set_state(state_);
  if (done) done = transaction_->commit();
  if (!done) return std::move(done).error();
  transaction_.reset();
  own_.clear();
  committed_ = views_;
  committed_state_ = state_;
  Snapshot snapshot = Snapshot::of(views_, norm_);
  snapshot.generation = state_.generation;
  snapshot.epoch = state_.epoch;
  return std::optional<Snapshot>(std::move(snapshot));
}

Result<void> IndexWriter::replace(const std::vector<SegmentView>& sources,
                                  std::shared_ptr<const Segment> merged) {
  for (const SegmentView& source : sources) {
    const bool here = std::any_of(views_.begin(), views_.end(),
                                  [&](const SegmentView& view) { return view.id == source.id; });
    if (!here) return {};  // has become empty and was dropped meanwhile: not worth the trouble
  }
  Result<void> done = begin();
  if (!done) return fail<void>(std::move(done).error());
  const Result<StoredSegment> stored = store_.add_segment(*merged);
  if (!stored) return fail<void>(stored.error());
  SegmentView target{stored->id, std::move(merged), nullptr, stored->bytes};
  for (const SegmentView& source : sources) {
    done = carry_over(source, target);
    if (done) done = store_.remove_segment(source.id);
    if (!done) return fail<void>(std::move(done).error());
    std::erase_if(views_, [&](const SegmentView& view) { return view.id == source.id; });
    own_.erase(source.id);
  }
  views_.push_back(std::move(target));
  return {};
}

// Removals that reached the source after the merge had begun.
Result<void> IndexWriter::carry_over(const SegmentView& source, SegmentView& target) {
  const Result<std::vector<StoredTombstone>> stored = store_.tombstones(source.id, *source.segment);
  if (!stored) return stored.error();
  for (const StoredTombstone& tombstone : *stored) {
    if (source.document_is_dead(tombstone.document)) continue;
    const std::optional<std::uint32_t> document =
        target.segment->find_document(source.segment->document_ids[tombstone.document]);
    if (!document) return Error{ErrorCode::internal, "a merged segment lost a document"};
    std::vector<LostTerm> lost;
    for (const LostTerm& entry : tombstone.lost) {
      const std::optional<std::uint32_t> term =
          target.segment->find_term(source.segment->terms[entry.term]);
      if (term) lost.push_back({*term, entry.chunks});
    }
    Result<void> written = store_.add_tombstone(target.id, *document, lost);
    if (!written) return written;
    own_tombstones(target).bury(*target.segment, *document, lost);
  }
  return {};
}

}  // namespace liquid::search
