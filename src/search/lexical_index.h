#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "search/analyzer.h"
#include "search/chunk_index.h"
#include "search/generation_file.h"
#include "search/index_writer.h"
#include "search/scorer.h"
#include "search/snapshot.h"
#include "search/snapshot_loader.h"
#include "search/store.h"
#include "search/writer_lock.h"

namespace liquid::search {

/// `ChunkIndex` over one folder: index.db (SQLite), generation (see `GenerationFile`), lock.
///
/// Readers take the published snapshot and, for the few chunks they return, a connection out of a
/// pool. The writing side is one `IndexWriter` under `writer_mutex_`; a merge is computed on its
/// own thread without the mutex and put in place with it.
class LexicalIndex final : public ChunkIndex {
 public:
  static Result<std::unique_ptr<ChunkIndex>> open(const std::filesystem::path& folder,
                                                  OpenMode mode, const Settings& settings);
  ~LexicalIndex() override;

  Result<RankedList> search(const Query& query) const override;
  Digest epoch() const override;
  bool is_behind() const override;
  Result<void> refresh() override;
  IndexTotals totals() const override;
  Result<std::vector<DocumentRow>> documents() const override;
  std::optional<DocumentRow> document(std::string_view id) const override;
  std::vector<TermWeight> term_weights(std::string_view text) const override;
  Digest settings_digest() const override;
  const Settings& settings() const override { return settings_; }

  Result<void> put(const corpus::Document& document,
                   const std::vector<corpus::Chunk>& chunks) override;
  Result<bool> remove(std::string_view document_id) override;
  Result<void> commit() override;
  Result<void> merge() override;
  Result<void> check() const override;

 private:
  struct Asked {
    const Question& question;
    const Query& query;
  };
  struct FinishedMerge {
    std::vector<SegmentView> sources;
    std::shared_ptr<const Segment> merged;
  };

  LexicalIndex(std::filesystem::path folder, Settings settings);

  Result<LoadedSnapshot> load_now(Store& store) const;
  Result<void> load(Store store);
  Result<void> start_writing(WriterLock lock, Store store);

  std::shared_ptr<const Snapshot> snapshot() const;
  void publish(Snapshot snapshot) const;

  Result<std::optional<DocumentRow>> read_document(std::string_view id) const;
  Result<Store> take_reader() const;
  void give_back(Store reader) const;
  Result<Analyzer> take_analyzer() const;
  void give_back(Analyzer analyzer) const;
  Result<RankedList> read_hits(Store& reader, const Snapshot& current, const Ranking& ranking,
                               const Asked& asked) const;
  static Result<std::optional<RankedList>> fetch(Store& reader, const Snapshot& snapshot,
                                                 const Ranking& ranking);

  Result<void> commit_locked();
  void start_merging();
  void merge_while_due();
  void wait_for_merging();
  Error not_writable() const;

  const std::filesystem::path folder_;
  const Settings settings_;
  const LengthNorm norm_;

  mutable Guarded<std::shared_ptr<const Snapshot>> snapshot_;
  mutable std::atomic<std::uint64_t> loaded_generation_{0};
  mutable std::optional<GenerationFile>
      generation_;  // none: a reader of a folder without that file
  mutable Guarded<std::vector<Store>> readers_;
  mutable Guarded<std::vector<Analyzer>> analyzers_;
  std::mutex refresh_mutex_;

  // Only when open for writing.
  std::optional<WriterLock> lock_;
  std::mutex writer_mutex_;
  std::unique_ptr<IndexWriter> writer_;    // guarded by writer_mutex_
  std::optional<FinishedMerge> finished_;  // guarded by writer_mutex_
  bool merging_ = false;                   // guarded by writer_mutex_
  Guarded<std::thread> merger_;
};

}  // namespace liquid::search
