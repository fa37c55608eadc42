#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "search/content_epoch.h"
#include "search/segment_builder.h"
#include "search/snapshot.h"
#include "search/store.h"

namespace liquid::search {

/// The changing side of the index: one open transaction, the segments as they will be, and a
/// builder. One thread at a time.
///
/// After a failure everything since the last commit is lost: every call repeats the error until
/// `commit` has reported it.
class IndexWriter {
 public:
  /// `committed` is the state of the store.
  IndexWriter(Store store, Analyzer analyzer, const Settings& settings, const Snapshot& committed,
              const StoredState& state);

  Result<void> put(const corpus::Document& document, const std::vector<corpus::Chunk>& chunks);
  Result<bool> remove(std::string_view document_id);
  /// The new state; nothing when there was nothing to commit.
  Result<std::optional<Snapshot>> commit();

  /// Nothing put or removed since the last commit.
  bool idle() const { return !transaction_.has_value(); }
  const std::vector<SegmentView>& views() const { return views_; }

  /// Puts `merged` in the place of `sources`, which were its input; what has been removed from them
  /// since is removed from it. Belongs to the next commit.
  Result<void> replace(const std::vector<SegmentView>& sources,
                       std::shared_ptr<const Segment> merged);

 private:
  struct Place {
    std::size_t view = 0;
    std::uint32_t document = 0;
  };

  Result<void> begin();
  Result<void> put_now(const corpus::Document& document, const std::vector<corpus::Chunk>& chunks);
  Result<bool> remove_now(std::string_view document_id);
  Result<std::optional<Snapshot>> commit_now();
  Result<void> flush();
  Result<void> drop_empty_views();
  std::optional<Place> find(std::string_view document_id) const;
  Result<void> bury(const Place& place, const StoredDocument& document);
  Result<std::vector<LostTerm>> lost_terms(const Segment& segment, const StoredDocument& document);
  Result<void> carry_over(const SegmentView& source, SegmentView& target);
  Tombstones& own_tombstones(SegmentView& view);
  template <typename T>
  Result<T> fail(Error error);

  Store store_;
  Analyzer analyzer_;
  const FieldWeights weights_;
  const LengthNorm norm_;
  SegmentBuilder builder_;

  // The last commit.
  std::vector<SegmentView> committed_;
  StoredState committed_state_;

  // The next one.
  std::optional<sql::Transaction> transaction_;
  std::vector<SegmentView> views_;
  StoredState state_;
  std::map<std::int64_t, std::shared_ptr<Tombstones>>
      own_;  // by segment; not shared with readers yet
  std::optional<Error> failure_;
};

/// The part of `LengthNorm` that the settings say.
LengthNorm norm_of(const Settings& settings);

}  // namespace liquid::search
