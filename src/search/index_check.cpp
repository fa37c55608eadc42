#include "search/index_check.h"

#include <map>
#include <string>
#include <utility>

#include "search/content_epoch.h"
#include "search/index_writer.h"
#include "search/segment_builder.h"
#include "search/snapshot_loader.h"

namespace liquid::search {
namespace {

Error corrupt(std::string message) { return Error{ErrorCode::data_corrupt, std::move(message)}; }

bool equal(const StringList& a, const StringList& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

class Check {
 public:
  Check(Store& store, const Settings& settings, Analyzer analyzer)
      : store_(store),
        norm_(norm_of(settings)),
        weights_(FieldWeights::from(settings)),
        analyzer_(std::move(analyzer)) {}

  Result<void> run() {
    Result<void> done = store_.verify_file();
    if (!done) return done;
    const Result<LoadedSnapshot> loaded = load_snapshot(store_, norm_, nullptr);
    if (!loaded) return loaded.error();
    done = read_documents(loaded->state);
    for (const SegmentView& view : loaded->snapshot.views) {
      if (done) done = check_segment(view);
    }
    if (!done) return done;
    if (seen_ != documents_.size()) return corrupt("a stored document is in no segment");
    const Result<std::uint64_t> rows = store_.chunk_rows();
    if (!rows) return rows.error();
    if (*rows != loaded->snapshot.chunks)
      return corrupt("there are chunks that belong to no document");
    return {};
  }

 private:
  Result<void> read_documents(const StoredState& state) {
    Result<std::vector<StoredDocument>> stored = store_.documents();
    if (!stored) return std::move(stored).error();
    ContentEpoch epoch;
    for (StoredDocument& document : *stored) {
      epoch.add(document.row.id, document.row.content_hash);
      documents_.emplace(document.row.id, std::move(document));
    }
    if (epoch.digest() != state.epoch) return corrupt("the epoch does not fit the documents");
    return {};
  }

  // Makes the segment again from the stored text and compares.
  Result<void> check_segment(const SegmentView& view) {
    const Segment& segment = *view.segment;
    SegmentBuilder builder(weights_);
    for (std::uint32_t i = 0; i < segment.document_count(); ++i) {
      if (view.document_is_dead(i)) continue;
      Result<void> added = add_document(segment, i, builder);
      if (!added) return added;
    }
    const std::string name = "segment " + std::to_string(view.id);
    const Segment expected = builder.finish(norm_);
    const Segment found = merge_segments(std::span(&view, 1), norm_);
    if (!equal(expected.terms, found.terms))
      return corrupt(name + ": its words are not those of its text");
    if (expected.lengths != found.lengths)
      return corrupt(name + ": chunk lengths differ from the text");
    if (expected.posting_begin != found.posting_begin ||
        expected.posting_chunks != found.posting_chunks ||
        expected.posting_weights != found.posting_weights) {
      return corrupt(name + ": posting lists differ from the text");
    }
    if (expected.positions != found.positions)
      return corrupt(name + ": word positions differ from the text");
    return check_frequencies(view, found, name);
  }

  Result<void> add_document(const Segment& segment, std::uint32_t index, SegmentBuilder& builder) {
    const std::string id(segment.document_ids[index]);
    const auto known = documents_.find(id);
    if (known == documents_.end())
      return corrupt("document '" + id + "' is in a segment but not stored");
    const StoredDocument& document = known->second;
    const std::uint32_t chunk_count = segment.first_chunk[index + 1] - segment.first_chunk[index];
    if (document.first_row != segment.first_row[index] || document.row.chunks != chunk_count) {
      return corrupt("document '" + id + "' is not where its segment says");
    }
    std::vector<corpus::Chunk> chunks;
    for (std::uint32_t i = 0; i < chunk_count; ++i) {
      Result<std::optional<StoredChunk>> stored = store_.chunk(document.first_row + i);
      if (!stored) return std::move(stored).error();
      if (!*stored || (*stored)->chunk.document_id.str() != id) {
        return corrupt("document '" + id + "': chunk " + std::to_string(i) + " is missing");
      }
      if (content_hash((*stored)->chunk) != (*stored)->content_hash) {
        return corrupt("document '" + id + "': chunk " + std::to_string(i) +
                       " does not fit its hash");
      }
      chunks.push_back(std::move((*stored)->chunk));
    }
    builder.add({id, document.row.path, {}, document.first_row}, chunks, analyzer_);
    ++seen_;
    return {};
  }

  Result<void> check_frequencies(const SegmentView& view, const Segment& found,
                                 const std::string& name) const {
    for (std::uint32_t term = 0; term < view.segment->term_count(); ++term) {
      const std::optional<std::uint32_t> left = found.find_term(view.segment->terms[term]);
      if (view.live_frequency(term) != (left ? found.document_frequency(*left) : 0)) {
        return corrupt(name + ": the frequency of '" + std::string(view.segment->terms[term]) +
                       "' does not fit what was removed");
      }
    }
    return {};
  }

  Store& store_;
  const LengthNorm norm_;
  const FieldWeights weights_;
  Analyzer analyzer_;
  std::map<std::string, StoredDocument> documents_;
  std::size_t seen_ = 0;
};

}  // namespace

Result<void> check_store(Store& store, const Settings& settings) {
  Result<Analyzer> analyzer = Analyzer::create(settings.language);
  if (!analyzer) return std::move(analyzer).error();
  const Result<sql::Transaction> one_state =
      sql::Transaction::begin(store.database(), sql::TransactionKind::read);
  if (!one_state) return one_state.error();
  return Check(store, settings, std::move(analyzer).value()).run();
}

}  // namespace liquid::search
