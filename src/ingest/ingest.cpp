#include "ingest/ingest.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "corpus/reader.h"
#include "ingest/known_documents.h"
#include "ingest/reading.h"

namespace liquid::ingest {
namespace {

constexpr std::uint64_t kCommitBytes = 64ull * 1024 * 1024;

// The same bytes cut in another way are other contents.
Digest content_hash(const Digest& source, const corpus::ChunkOptions& chunks) {
  return DigestBuilder()
      .field(source)
      .field(corpus::kReaderVersion)
      .field(chunks.max_tokens)
      .field(chunks.overlap_tokens)
      .finish();
}

// "path: reason" → path and reason; rows carry path:line.
Failure failure_of(const Error& error, const std::string& name) {
  const std::size_t colon = error.message.find(": ", name.size());
  if (!error.message.starts_with(name) || colon == std::string::npos) {
    return {name, error.code, error.message};
  }
  return {error.message.substr(0, colon), error.code, error.message.substr(colon + 2)};
}

/// Runs on the reader threads.
class FileReader {
 public:
  FileReader(const KnownDocuments& known, const Job& job, const Options& options,
             std::atomic<std::uint64_t>& bytes_read)
      : known_(known), job_(job), options_(options), bytes_read_(bytes_read) {}

  Completeness operator()(const SourceFile& file, const Reading::Push& push) const {
    const corpus::ReadOptions read_options{options_.max_file_bytes,
                                           [&](const corpus::DocumentId& id, const Digest& hash) {
                                             if (!is_unchanged(file, id, hash)) return false;
                                             push(Unchanged{id});
                                             return true;
                                           },
                                           [this] { return job_.stop.stop_requested(); },
                                           &bytes_read_};
    const auto sink = [&](Result<corpus::Document> document) { hand_on(file, document, push); };
    const Result<void> read =
        file.name == "-" ? corpus::read_jsonl(*job_.standard_input, file.name, read_options, sink)
                         : corpus::read_documents(file.name, file.name, read_options, sink);
    if (read) return Completeness::whole;
    if (read.error().code != ErrorCode::cancelled) push(failure_of(read.error(), file.name));
    return Completeness::partial;
  }

 private:
  bool is_unchanged(const SourceFile& file, const corpus::DocumentId& id,
                    const Digest& hash) const {
    const KnownDocuments::Document* known = known_.find(id.str());
    return known != nullptr && known->path == file.name &&
           known->content_hash == content_hash(hash, options_.chunks);
  }

  void hand_on(const SourceFile& file, Result<corpus::Document>& document,
               const Reading::Push& push) const {
    if (!document) {
      push(failure_of(document.error(), file.name));
      return;
    }
    Ready ready{std::move(*document), {}};
    ready.chunks = corpus::chunk(ready.document, options_.chunks);
    ready.document.blocks.clear();
    ready.document.content_hash = content_hash(ready.document.content_hash, options_.chunks);
    if (ready.chunks.empty()) {
      push(Failure{ready.document.id.str(), ErrorCode::invalid_argument, "no text in it"});
    } else {
      push(std::move(ready));
    }
  }

  const KnownDocuments& known_;
  const Job& job_;
  const Options& options_;
  std::atomic<std::uint64_t>& bytes_read_;
};

/// Puts what the readers deliver into the index; one thread.
class Writer {
 public:
  Writer(search::ChunkIndex& index, const KnownDocuments& known, const Job& job,
         const Options& options)
      : index_(index),
        known_(known),
        job_(job),
        options_(options),
        started_(job.clock.monotonic()) {
    for (const SourceFile& file : job.sources.files) names_.insert(file.name);
    summary_.ignored = job.sources.ignored;
    for (const Failure& failure : job.sources.failures) fail(failure);
  }

  /// Where the readers count.
  std::atomic<std::uint64_t>& bytes_read() { return bytes_read_; }

  Result<Summary> run(Reading& reading) {
    last_commit_ = started_;
    for (;;) {
      Reading::Taken taken = reading.take(options_.commit_interval);
      if (taken.status == Reading::Status::end) break;
      summary_.stopped = taken.status == Reading::Status::stopped;
      if (summary_.stopped) break;
      if (taken.status == Reading::Status::piece) {
        if (Result<void> done = accept(taken); !done) return std::move(done).error();
      }
      if (Result<void> done = commit_when_due(); !done) return std::move(done).error();
      summary_.bytes = bytes_read_.load(std::memory_order_relaxed);
      job_.observer.advanced(summary_);
    }
    if (!summary_.stopped && options_.vanished == Vanished::prune) {
      if (Result<void> pruned = prune(); !pruned) return std::move(pruned).error();
    }
    if (Result<void> done = commit(); !done) return std::move(done).error();
    return std::move(summary_);
  }

 private:
  Result<void> accept(Reading::Taken& taken) {
    const SourceFile& file = job_.sources.files[taken.file];
    if (auto* ready = std::get_if<Ready>(&taken.piece)) return put(*ready, taken.file);
    if (auto* failure = std::get_if<Failure>(&taken.piece)) fail(std::move(*failure));
    if (auto* same = std::get_if<Unchanged>(&taken.piece)) {
      if (claim(same->id.str(), taken.file)) ++summary_.unchanged;
    }
    if (auto* end = std::get_if<FileEnd>(&taken.piece)) {
      ++summary_.files;
      if (end->completeness == Completeness::whole) return remove_lost_rows(file);
    }
    return {};
  }

  // False when another file of this run has that id already.
  bool claim(const std::string& id, std::size_t file) {
    const auto [owner, is_new] = claimed_.emplace(id, file);
    if (is_new) return true;
    const std::string& name = job_.sources.files[file].name;
    fail({name, ErrorCode::conflict,
          "id \"" + id + "\" is taken already by " + job_.sources.files[owner->second].name});
    return false;
  }

  // A file outside this run that still exists keeps its ids.
  bool belongs_elsewhere(const KnownDocuments::Document& known, const std::string& name) const {
    return known.path != name && known.path != "-" && !names_.contains(known.path) &&
           std::filesystem::exists(known.path, ignored_error());
  }

  static std::error_code& ignored_error() {
    thread_local std::error_code error;
    return error;
  }

  Result<void> put(const Ready& ready, std::size_t file) {
    const std::string& id = ready.document.id.str();
    const std::string& name = job_.sources.files[file].name;
    const KnownDocuments::Document* known = known_.find(id);
    if (known != nullptr && belongs_elsewhere(*known, name)) {
      fail({name, ErrorCode::conflict, "id \"" + id + "\" belongs to " + known->path});
      return {};
    }
    if (!claim(id, file)) return {};
    if (Result<void> stored = index_.put(ready.document, ready.chunks); !stored) return stored;
    const bool replaces = known != nullptr && !removed_.contains(id);
    ++(replaces ? summary_.replaced : summary_.added);
    summary_.chunks += ready.chunks.size();
    for (const corpus::Chunk& chunk : ready.chunks) uncommitted_bytes_ += chunk.text.size();
    uncommitted_ = true;
    return {};
  }

  Result<void> remove_lost_rows(const SourceFile& file) {
    const bool rows_may_be_lost = file.name != "-" || options_.vanished == Vanished::prune;
    if (!rows_may_be_lost) return {};
    return remove_unclaimed(known_.ids_of(file.name));
  }

  Result<void> prune() {
    for (const auto& [path, ids] : known_.by_path()) {
      const auto covers = [&name = path](const Scope& scope) { return scope.covers(name); };
      const Sources& sources = job_.sources;
      const bool in_scope = std::any_of(sources.scopes.begin(), sources.scopes.end(), covers);
      const bool unknown =
          std::any_of(sources.unreadable.begin(), sources.unreadable.end(), covers);
      if (!in_scope || unknown || names_.contains(path)) continue;
      if (Result<void> removed = remove_unclaimed(ids); !removed) return removed;
    }
    return {};
  }

  Result<void> remove_unclaimed(const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
      if (claimed_.contains(id)) continue;
      const Result<bool> removed = index_.remove(id);
      if (!removed) return removed.error();
      if (!*removed || !removed_.insert(id).second) continue;
      ++summary_.removed;
      uncommitted_ = true;
    }
    return {};
  }

  void fail(Failure failure) {
    job_.observer.failed(failure);
    summary_.failures.push_back(std::move(failure));
  }

  Result<void> commit_when_due() {
    const bool due = job_.clock.monotonic() - last_commit_ >= options_.commit_interval;
    if (!uncommitted_ || (!due && uncommitted_bytes_ < kCommitBytes)) return {};
    return commit();
  }

  Result<void> commit() {
    if (Result<void> done = index_.commit(); !done) return done;
    last_commit_ = job_.clock.monotonic();
    summary_.seconds = std::chrono::duration<double>(last_commit_ - started_).count();
    uncommitted_bytes_ = 0;
    uncommitted_ = false;
    job_.observer.committed(summary_);
    return {};
  }

  search::ChunkIndex& index_;
  const KnownDocuments& known_;
  const Job& job_;
  const Options& options_;
  std::atomic<std::uint64_t> bytes_read_{0};
  const Monotonic started_;
  Summary summary_;
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, std::size_t> claimed_;  // id → file of this run
  std::unordered_set<std::string> removed_;
  Monotonic last_commit_;
  std::uint64_t uncommitted_bytes_ = 0;
  bool uncommitted_ = false;
};

}  // namespace

Result<Summary> add_documents(search::ChunkIndex& index, const Job& job, const Options& options) {
  if (Result<void> valid = corpus::validate(options.chunks); !valid)
    return std::move(valid).error();
  const Result<KnownDocuments> known = KnownDocuments::load(index);
  if (!known) return known.error();
  std::uint64_t bytes = 0;
  for (const SourceFile& file : job.sources.files) bytes += file.bytes;
  job.observer.planned(job.sources.files.size(), bytes);
  Writer writer(index, *known, job, options);
  Reading reading(job.sources.files, FileReader(*known, job, options, writer.bytes_read()),
                  options.readers, job.stop);
  return writer.run(reading);
}

}  // namespace liquid::ingest
