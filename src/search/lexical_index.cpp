#include "search/lexical_index.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <cmath>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "search/index_check.h"
#include "search/merge_policy.h"
#include "search/question.h"
#include "search/segment_codec.h"
#include "search/snapshot_loader.h"

namespace liquid::search {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDatabaseFile = "index.db";
constexpr const char* kGenerationFile = "generation";
constexpr const char* kLockFile = "lock";
// Changes whenever the same documents and settings may be ranked differently.
constexpr std::uint64_t kRankingVersion = 2;

Result<void> validate(const Settings& settings) {
  const auto refuse = [](const char* name, double value, const char* range) {
    return Error{ErrorCode::invalid_argument, std::string(name) + " is " + std::to_string(value) +
                                                  ", expected a number in " + range};
  };
  const auto outside = [](double value, double low, double high) {
    return !std::isfinite(value) || value < low || value > high;
  };
  if (outside(settings.k1, 0.0, 100.0)) return refuse("k1", settings.k1, "0..100");
  if (outside(settings.b, 0.0, 1.0)) return refuse("b", settings.b, "0..1");
  if (outside(settings.title_weight, 0.0, 64.0)) {
    return refuse("title_weight", settings.title_weight, "0..64");
  }
  if (outside(settings.section_weight, 0.0, 64.0)) {
    return refuse("section_weight", settings.section_weight, "0..64");
  }
  const Result<Analyzer> analyzer = Analyzer::create(settings.language);
  return analyzer ? Result<void>() : analyzer.error();
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (!failed) return {};
  const bool denied =
      failed == std::errc::permission_denied || failed == std::errc::read_only_file_system;
  return Error{denied ? ErrorCode::permission_denied : ErrorCode::unavailable,
               folder.string() + ": cannot make the folder: " + failed.message()};
}

Result<void> require_index(const fs::path& folder) {
  std::error_code failed;
  if (fs::is_regular_file(folder / kDatabaseFile, failed)) return {};
  return Error{ErrorCode::not_found, folder.string() + ": there is no index in this folder"};
}

std::uint64_t size_of(const fs::path& file) {
  std::error_code failed;
  const std::uintmax_t size = fs::file_size(file, failed);
  return failed ? 0 : size;
}

// glibc keeps what is freed below its threshold for mapping (up to 32 MiB) in its arenas, split
// between the threads: after a merge that is as much again as the segments that were joined.
void return_freed_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

std::shared_ptr<const Segment> join(const std::vector<SegmentView>& sources,
                                    const LengthNorm& norm) {
  return_freed_memory();  // the peak is to come: what the last flush has left must not add to it
  return std::make_shared<const Segment>(merge_segments(sources, norm));
}

Hit hit_from(const Snapshot& snapshot, const ScoredChunk& found, StoredChunk stored, double best) {
  const Segment& segment = *snapshot.views[found.view].segment;
  const double part = found.score / kFullScore;
  return Hit{
      .chunk_id = stored.chunk.document_id.str() + "#" + std::to_string(stored.chunk.ordinal),
      .document_id = stored.chunk.document_id.str(),
      .path = std::string(segment.paths[segment.document_path[segment.document_of(found.chunk)]]),
      .title = std::move(stored.chunk.title),
      .section = std::move(stored.chunk.section),
      .page = stored.chunk.page,
      .span = stored.chunk.span,
      .text = std::move(stored.chunk.text),
      .content_hash = stored.content_hash,
      .score = part * best,
      .relevance = part};
}

}  // namespace

Result<std::unique_ptr<ChunkIndex>> ChunkIndex::open(const fs::path& folder, OpenMode mode,
                                                     const Settings& settings) {
  return LexicalIndex::open(folder, mode, settings);
}

Result<std::unique_ptr<ChunkIndex>> LexicalIndex::open(const fs::path& folder, OpenMode mode,
                                                       const Settings& settings) {
  Result<void> ready = mode == OpenMode::create ? make_folder(folder) : require_index(folder);
  if (ready && mode == OpenMode::create) ready = validate(settings);
  if (!ready) return std::move(ready).error();
  std::optional<WriterLock> lock;
  if (mode != OpenMode::read_only) {
    Result<WriterLock> taken = WriterLock::take(folder / kLockFile);
    if (!taken) return std::move(taken).error();
    lock.emplace(std::move(taken).value());
  }
  const fs::path file = folder / kDatabaseFile;
  const sql::Access access =
      mode == OpenMode::read_only ? sql::Access::read_only : sql::Access::read_write;
  Result<Store> store =
      mode == OpenMode::create ? Store::create(file, settings) : Store::open(file, access);
  if (!store) return std::move(store).error();
  const Result<Settings> stored = store->settings();
  if (!stored) return stored.error();
  ready = validate(*stored);
  if (!ready) return std::move(ready).error().with_context(file.string());
  auto index = std::unique_ptr<LexicalIndex>(new LexicalIndex(folder, *stored));
  ready = lock ? index->start_writing(std::move(*lock), std::move(store).value())
               : index->load(std::move(store).value());
  if (!ready) return std::move(ready).error().with_context(folder.string());
  return std::unique_ptr<ChunkIndex>(std::move(index));
}

LexicalIndex::LexicalIndex(fs::path folder, Settings settings)
    : folder_(std::move(folder)),
      settings_(std::move(settings)),
      norm_(norm_of(settings_)),
      snapshot_(std::make_shared<const Snapshot>(Snapshot::of({}, norm_))) {}

LexicalIndex::~LexicalIndex() { wait_for_merging(); }

Result<LoadedSnapshot> LexicalIndex::load_now(Store& store) const {
  const Result<sql::Transaction> one_state =
      sql::Transaction::begin(store.database(), sql::TransactionKind::read);
  if (!one_state) return one_state.error();
  return load_snapshot(store, norm_, snapshot().get());
}

Result<void> LexicalIndex::load(Store store) {
  Result<GenerationFile> generation = GenerationFile::open(folder_ / kGenerationFile);
  if (generation) generation_.emplace(std::move(generation).value());
  Result<LoadedSnapshot> loaded = load_now(store);
  if (!loaded) return std::move(loaded).error();
  publish(std::move(loaded->snapshot));
  give_back(std::move(store));
  return {};
}

Result<void> LexicalIndex::start_writing(WriterLock lock, Store store) {
  lock_.emplace(std::move(lock));
  Result<GenerationFile> generation = GenerationFile::create(folder_ / kGenerationFile);
  if (!generation) return std::move(generation).error();
  generation_.emplace(std::move(generation).value());
  Result<LoadedSnapshot> loaded = load_now(store);
  if (!loaded) return std::move(loaded).error();
  // The last writer may have died between its commit and telling the readers.
  generation_->store(loaded->state.generation);
  Result<Analyzer> analyzer = Analyzer::create(settings_.language);
  if (!analyzer) return std::move(analyzer).error();
  writer_ = std::make_unique<IndexWriter>(std::move(store), std::move(analyzer).value(), settings_,
                                          loaded->snapshot, loaded->state);
  publish(std::move(loaded->snapshot));
  return {};
}

std::shared_ptr<const Snapshot> LexicalIndex::snapshot() const {
  return snapshot_.with([](const auto& current) { return current; });
}

void LexicalIndex::publish(Snapshot snapshot) const {
  auto next = std::make_shared<const Snapshot>(std::move(snapshot));
  snapshot_.with([&](auto& current) {
    // Two readers may load at the same time; the older state must not win.
    if (next->generation < current->generation) return;
    loaded_generation_.store(next->generation, std::memory_order_release);
    current.swap(next);  // the old one is freed after the lock is released
  });
}

Result<RankedList> LexicalIndex::search(const Query& query) const {
  Result<Analyzer> analyzer = take_analyzer();
  if (!analyzer) return std::move(analyzer).error();
  const Question question = parse_question(query.text, *analyzer);
  give_back(std::move(analyzer).value());
  const std::shared_ptr<const Snapshot> current = snapshot();
  const Ranking ranking = rank(*current, question, query.filter, query.top_k);
  if (ranking.chunks.empty()) return RankedList{{}, current->epoch};
  Result<Store> reader = take_reader();
  if (!reader) return std::move(reader).error();
  Result<RankedList> list = read_hits(*reader, *current, ranking, {question, query});
  if (list) give_back(std::move(reader).value());
  return list;
}

Result<RankedList> LexicalIndex::read_hits(Store& reader, const Snapshot& current,
                                           const Ranking& ranking, const Asked& asked) const {
  // One transaction for all chunks: without it SQLite locks and unlocks the file for each.
  const Result<sql::Transaction> one_state =
      sql::Transaction::begin(reader.database(), sql::TransactionKind::read);
  if (!one_state) return one_state.error();
  Result<std::optional<RankedList>> list = fetch(reader, current, ranking);
  if (!list) return std::move(list).error();
  if (*list) return std::move(**list);
  // A commit has overtaken the snapshot: rank once more by what the transaction sees.
  Result<LoadedSnapshot> loaded = load_snapshot(reader, norm_, &current);
  if (!loaded) return std::move(loaded).error();
  const Snapshot& seen = loaded->snapshot;
  list = fetch(reader, seen, rank(seen, asked.question, asked.query.filter, asked.query.top_k));
  if (!list) return std::move(list).error();
  if (!*list)
    return Error{ErrorCode::data_corrupt, folder_.string() + ": a chunk's text is missing"};
  if (!lock_) publish(std::move(loaded->snapshot));
  return std::move(**list);
}

// Nothing when a chunk is gone from the store.
Result<std::optional<RankedList>> LexicalIndex::fetch(Store& reader, const Snapshot& snapshot,
                                                      const Ranking& ranking) {
  RankedList list{.hits = {}, .epoch = snapshot.epoch};
  list.hits.reserve(ranking.chunks.size());
  for (const ScoredChunk& found : ranking.chunks) {
    const std::int64_t row = snapshot.views[found.view].segment->row_of(found.chunk);
    Result<std::optional<StoredChunk>> stored = reader.chunk(row);
    if (!stored) return std::move(stored).error();
    if (!*stored) return std::optional<RankedList>();
    list.hits.push_back(hit_from(snapshot, found, std::move(**stored), ranking.best_possible));
  }
  return std::optional(std::move(list));
}

Digest LexicalIndex::epoch() const { return snapshot()->epoch; }

bool LexicalIndex::is_behind() const {
  if (!generation_) return true;  // nothing to compare with: only `refresh` knows
  return generation_->load() != loaded_generation_.load(std::memory_order_acquire);
}

Result<void> LexicalIndex::refresh() {
  if (lock_) return {};  // nobody else can have committed
  const std::lock_guard guard(refresh_mutex_);
  Result<Store> reader = take_reader();
  if (!reader) return std::move(reader).error();
  const Result<StoredState> state = reader->state();
  if (!state) return state.error();
  if (state->generation != loaded_generation_.load(std::memory_order_acquire)) {
    Result<LoadedSnapshot> loaded = load_now(*reader);
    if (!loaded) return std::move(loaded).error();
    publish(std::move(loaded->snapshot));
  }
  give_back(std::move(reader).value());
  return {};
}

IndexTotals LexicalIndex::totals() const {
  const std::shared_ptr<const Snapshot> current = snapshot();
  IndexTotals totals{.documents = current->documents,
                     .chunks = current->chunks,
                     .segments = current->views.size(),
                     .bytes_on_disk = size_of(folder_ / kDatabaseFile) +
                                      size_of(folder_ / (std::string(kDatabaseFile) + "-wal"))};
  for (const SegmentView& view : current->views) {
    totals.bytes_in_memory += view.segment->bytes_in_memory();
  }
  return totals;
}

Result<std::vector<DocumentRow>> LexicalIndex::documents() const {
  Result<Store> reader = take_reader();
  if (!reader) return std::move(reader).error();
  Result<std::vector<StoredDocument>> stored = reader->documents();
  if (!stored) return std::move(stored).error();
  give_back(std::move(reader).value());
  std::vector<DocumentRow> rows;
  rows.reserve(stored->size());
  for (StoredDocument& document : *stored) rows.push_back(std::move(document.row));
  return rows;
}

std::optional<DocumentRow> LexicalIndex::document(std::string_view id) const {
  Result<std::optional<DocumentRow>> row = read_document(id);
  if (row) return std::move(row).value();
  log_event(LogLevel::error, "cannot read a document of the index",
            {{"document_id", id}, {"reason", std::string_view(row.error().message)}});
  return std::nullopt;
}

Result<std::optional<DocumentRow>> LexicalIndex::read_document(std::string_view id) const {
  Result<Store> reader = take_reader();
  if (!reader) return std::move(reader).error();
  Result<std::optional<StoredDocument>> stored = reader->document(id);
  if (!stored) return std::move(stored).error();
  give_back(std::move(reader).value());
  if (!*stored) return std::optional<DocumentRow>();
  return std::optional<DocumentRow>(std::move((*stored)->row));
}

std::vector<ChunkIndex::TermWeight> LexicalIndex::term_weights(std::string_view text) const {
  std::vector<TermWeight> weights;
  Result<Analyzer> analyzer = take_analyzer();
  if (!analyzer) return weights;
  const std::shared_ptr<const Snapshot> current = snapshot();
  for_each_token(text, [&](const Token& token) {
    TermWeight weight;
    weight.surface = text.substr(token.begin, token.end - token.begin);
    weight.stop_word = analyzer->is_stop_word(token.surface);
    weight.term = analyzer->term(token.surface);
    if (weight.term.empty() && !weight.stop_word) return;  // a single letter
    if (!weight.stop_word) {
      const std::uint64_t frequency = current->document_frequency(weight.term);
      weight.known = frequency != 0;
      weight.idf = current->idf(frequency);
    }
    weights.push_back(std::move(weight));
  });
  give_back(std::move(analyzer).value());
  return weights;
}

Digest LexicalIndex::settings_digest() const {
  DigestBuilder digest;
  digest.field(kRankingVersion).field(settings_.language);
  for (const double number :
       {settings_.k1, settings_.b, settings_.title_weight, settings_.section_weight}) {
    digest.field(std::to_string(number));
  }
  return digest.finish();
}

Result<Store> LexicalIndex::take_reader() const {
  std::optional<Store> idle = readers_.with([](std::vector<Store>& pool) -> std::optional<Store> {
    if (pool.empty()) return std::nullopt;
    std::optional<Store> last(std::move(pool.back()));
    pool.pop_back();
    return last;
  });
  if (idle) return std::move(*idle);
  return Store::open(folder_ / kDatabaseFile, sql::Access::read_only);
}

void LexicalIndex::give_back(Store reader) const {
  readers_.with([&](std::vector<Store>& pool) { pool.push_back(std::move(reader)); });
}

Result<Analyzer> LexicalIndex::take_analyzer() const {
  std::optional<Analyzer> idle =
      analyzers_.with([](std::vector<Analyzer>& pool) -> std::optional<Analyzer> {
        if (pool.empty()) return std::nullopt;
        std::optional<Analyzer> last(std::move(pool.back()));
        pool.pop_back();
        return last;
      });
  if (idle) return std::move(*idle);
  return Analyzer::create(settings_.language);
}

void LexicalIndex::give_back(Analyzer analyzer) const {
  analyzer.forget();  // questions come from outside: their words must not pile up
  analyzers_.with([&](std::vector<Analyzer>& pool) { pool.push_back(std::move(analyzer)); });
}

Error LexicalIndex::not_writable() const {
  return Error{ErrorCode::conflict, folder_.string() + ": the index is open for reading only"};
}

Result<void> LexicalIndex::put(const corpus::Document& document,
                               const std::vector<corpus::Chunk>& chunks) {
  const std::lock_guard guard(writer_mutex_);
  return writer_ ? writer_->put(document, chunks) : not_writable();
}

Result<bool> LexicalIndex::remove(std::string_view document_id) {
  const std::lock_guard guard(writer_mutex_);
  return writer_ ? writer_->remove(document_id) : not_writable();
}

Result<void> LexicalIndex::commit() {
  const std::lock_guard guard(writer_mutex_);
  if (!writer_) return not_writable();
  Result<void> committed = commit_locked();
  if (committed) start_merging();
  return committed;
}

Result<void> LexicalIndex::commit_locked() {
  const bool merged = finished_.has_value();
  if (merged) {
    Result<void> replaced = writer_->replace(finished_->sources, finished_->merged);
    finished_.reset();
    static_cast<void>(replaced);  // a failure is repeated by `commit`
  }
  Result<std::optional<Snapshot>> committed = writer_->commit();
  if (!committed) return std::move(committed).error();
  if (!*committed) return {};
  const std::uint64_t generation = (*committed)->generation;
  publish(std::move(**committed));
  generation_->store(generation);
  if (merged) return_freed_memory();
  return {};
}

void LexicalIndex::start_merging() {
  if (merging_ || finished_ || due_for_merge(writer_->views()).empty()) return;
  merging_ = true;
  merger_.with([this](std::thread& thread) {
    if (thread.joinable()) thread.join();  // has ended: merging_ was false
    thread = std::thread([this] { merge_while_due(); });
  });
}

// On the merging thread.
void LexicalIndex::merge_while_due() {
  for (;;) {
    std::vector<SegmentView> sources;
    {
      const std::lock_guard guard(writer_mutex_);
      if (!finished_ && writer_->idle()) sources = due_for_merge(writer_->views());
      if (sources.empty()) {
        merging_ = false;
        return;
      }
    }
    std::shared_ptr<const Segment> merged = join(sources, norm_);
    const std::lock_guard guard(writer_mutex_);
    finished_ = FinishedMerge{std::move(sources), std::move(merged)};
    if (!writer_->idle()) continue;  // the commit to come takes it along
    const Result<void> committed = commit_locked();
    if (!committed) {
      log_event(LogLevel::warning, "merging index segments failed",
                {{"reason", std::string_view(committed.error().message)}});
    }
  }
}

void LexicalIndex::wait_for_merging() {
  merger_.with([](std::thread& thread) {
    if (thread.joinable()) thread.join();
  });
}

Result<void> LexicalIndex::merge() {
  Result<void> committed = commit();
  if (!committed) return committed;
  wait_for_merging();
  const std::lock_guard guard(writer_mutex_);
  for (;;) {
    std::vector<SegmentView> sources = worth_joining(writer_->views());
    if (sources.empty()) return {};
    std::shared_ptr<const Segment> merged = join(sources, norm_);
    finished_ = FinishedMerge{std::move(sources), std::move(merged)};
    committed = commit_locked();
    if (!committed) return committed;
  }
}

Result<void> LexicalIndex::check() const {
  Result<Store> reader = Store::open(folder_ / kDatabaseFile, sql::Access::read_only);
  if (!reader) return std::move(reader).error();
  Result<void> checked = check_store(*reader, settings_);
  return checked ? Result<void>() : std::move(checked).error().with_context(folder_.string());
}

}  // namespace liquid::search
