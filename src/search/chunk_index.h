#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "corpus/document.h"

namespace liquid::search {

/// Numbers that shape the ranking. All of them are part of `settings_digest`.
struct Settings {
  std::string language = "english";  ///< A Snowball stemmer's name.
  double k1 = 1.2;
  double b = 0.75;
  double title_weight = 2.0;  ///< How often a title word counts as a text word.
  double section_weight = 1.0;
};

/// Keeps only chunks whose document matches every condition.
struct Filter {
  struct Condition {
    std::string field;  ///< A metadata name, or "path" (glob with * and **), "document_id".
    std::string value;
  };
  std::vector<Condition> all_of;
};

struct Query {
  std::string text;  ///< Words and "quoted phrases"; a phrase must occur as such.
  std::size_t top_k = 5;
  Filter filter;
};

/// Where and what a retrieved chunk is. `chunk_id` is "<document id>#<ordinal>".
struct Hit {
  std::string chunk_id;
  std::string document_id;
  std::string path;
  std::string title;
  std::string section;
  std::optional<std::uint32_t> page;
  corpus::ByteSpan span;
  std::string text;
  Digest content_hash;     ///< Of this chunk's text, title and section.
  double score = 0.0;      ///< BM25, unbounded; only comparable within one answer.
  double relevance = 0.0;  ///< 0..1: score over the best score this question could reach.
};

/// What was found, and in which state of the index.
struct RankedList {
  std::vector<Hit> hits;
  Digest epoch;
};

struct IndexTotals {
  std::uint64_t documents = 0;
  std::uint64_t chunks = 0;
  std::uint64_t segments = 0;
  std::uint64_t bytes_on_disk = 0;
  std::uint64_t bytes_in_memory = 0;
};

struct DocumentRow {
  std::string id;
  std::string path;
  std::string title;
  Digest content_hash;
  std::uint64_t chunks = 0;
};

enum class OpenMode { read_only, read_write, create };

/// The chunk index: one folder, one SQLite file in it, posting arrays in memory.
///
/// Writing (one process, one thread at a time; a second writer gets `conflict`): `put`/`remove`
/// collect, `commit` makes all of it durable and visible at once. A kill at any time leaves the
/// last commit. Reading: every call works on an immutable snapshot and is safe from any thread. A
/// reader in another process sees a commit at once: `epoch()` compares a generation counter in a
/// small shared memory map (a few ns), and `refresh()` loads what is new.
class ChunkIndex {
 public:
  /// Errors: not_found (no index there, mode not `create`), conflict (another writer),
  /// data_corrupt, unsupported (made by a newer version).
  static Result<std::unique_ptr<ChunkIndex>> open(const std::filesystem::path& folder,
                                                  OpenMode mode, const Settings& settings = {});
  virtual ~ChunkIndex() = default;

  // --- reading ---
  /// Best chunks first; ties by chunk id. An empty or all-stop-word question finds nothing.
  virtual Result<RankedList> search(const Query& query) const = 0;
  /// Digest of the set of (document id, content hash) of the snapshot in use.
  virtual Digest epoch() const = 0;
  /// True when another process has committed since this snapshot was loaded. Costs a few ns.
  virtual bool is_behind() const = 0;
  /// Loads what other processes committed; publishes a new snapshot. Blocking (milliseconds).
  virtual Result<void> refresh() = 0;
  virtual IndexTotals totals() const = 0;
  virtual Result<std::vector<DocumentRow>> documents() const = 0;
  virtual std::optional<DocumentRow> document(std::string_view id) const = 0;
  /// Inverse document frequency of each stemmed word of `text` (for confidence and second-round
  /// terms); words that occur nowhere get the highest value.
  struct TermWeight {
    std::string surface;  ///< As written in the question.
    std::string term;     ///< Stemmed, as indexed.
    double idf = 0.0;
    bool known = false;  ///< Occurs in the index.
    bool stop_word = false;
  };
  virtual std::vector<TermWeight> term_weights(std::string_view text) const = 0;
  /// Digest of `Settings` and the index format: part of the answer version.
  virtual Digest settings_digest() const = 0;
  /// Those the index was made with; what `open` was given only counts when it makes a new index.
  virtual const Settings& settings() const = 0;

  // --- writing ---
  /// Adds the document, or replaces the one with the same id.
  virtual Result<void> put(const corpus::Document& document,
                           const std::vector<corpus::Chunk>& chunks) = 0;
  /// False when there is no such document.
  virtual Result<bool> remove(std::string_view document_id) = 0;
  virtual Result<void> commit() = 0;
  /// Joins small segments; also done in the background by `commit` when there are many.
  virtual Result<void> merge() = 0;
  /// Reads everything back and compares hashes, counts and posting lists with the stored text.
  /// data_corrupt names the first thing that does not fit.
  virtual Result<void> check() const = 0;
};

}  // namespace liquid::search
