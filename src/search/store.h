#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "search/chunk_index.h"
#include "search/content_epoch.h"
#include "search/segment.h"
#include "search/tombstones.h"
#include "sql/database.h"

namespace liquid::search {

/// The one row that says where the index stands.
struct StoredState {
  std::uint64_t generation = 0;  ///< Of the last commit.
  Digest epoch;
  std::int64_t next_row =
      1;  ///< Rows are never used twice, so a reader cannot meet another text there.
};

struct StoredSegment {
  std::int64_t id = 0;
  std::uint64_t bytes = 0;
  std::uint64_t tombstones = 0;
};

struct StoredTombstone {
  std::uint32_t document = 0;
  std::vector<LostTerm> lost;
};

/// A chunk as stored, with what a hit needs.
struct StoredChunk {
  corpus::Chunk chunk;
  Digest content_hash;
};

struct StoredDocument {
  DocumentRow row;
  std::int64_t first_row = 0;
};

/// The index folder's SQLite file over one connection. One thread at a time.
/// Errors of every call: those of `sql::Database`, and data_corrupt for rows that cannot be.
class Store {
 public:
  /// Opens an existing file. Errors also: not_found, unsupported (made by a newer version).
  static Result<Store> open(const std::filesystem::path& file, sql::Access access);
  /// Makes the file and its tables when they are not there.
  static Result<Store> create(const std::filesystem::path& file, const Settings& settings);

  sql::Database& database() { return database_; }

  Result<Settings> settings();
  Result<StoredState> state();
  Result<std::vector<StoredSegment>> segments();
  Result<Segment> segment(std::int64_t id);
  Result<std::vector<StoredTombstone>> tombstones(std::int64_t segment, const Segment& terms);
  /// Nothing when the row is gone.
  Result<std::optional<StoredChunk>> chunk(std::int64_t row);
  Result<std::optional<StoredDocument>> document(std::string_view id);
  /// Sorted by id.
  Result<std::vector<StoredDocument>> documents();
  Result<std::uint64_t> chunk_rows();
  /// SQLite's own check of the whole file.
  Result<void> verify_file();

  // Inside a write transaction:
  Result<void> set_state(const StoredState& state);
  Result<void> add_document(const corpus::Document& document, std::int64_t first_row,
                            std::uint64_t chunks);
  Result<void> add_chunk(std::int64_t row, const corpus::Chunk& chunk);
  /// The document's row and the rows of its chunks.
  Result<void> remove_document(std::string_view id, std::int64_t first_row, std::uint64_t chunks);
  Result<StoredSegment> add_segment(const Segment& segment);
  /// With its tombstones.
  Result<void> remove_segment(std::int64_t id);
  Result<void> add_tombstone(std::int64_t segment, std::uint32_t document,
                             const std::vector<LostTerm>& lost);

 private:
  enum class Use : std::size_t;

  explicit Store(sql::Database database);
  /// Its content is `bytes` zeros. Gives its id.
  Result<std::int64_t> add_segment_row(std::uint64_t bytes, std::uint64_t checksum);
  static Result<void> make_tables(sql::Database& database, const Settings& settings);
  /// Prepared at its first use.
  Result<sql::Statement*> statement(Use use);

  sql::Database database_;
  std::vector<std::optional<sql::Statement>>
      statements_;  // by Use; destroyed before the connection
};

/// SHA-256 over a chunk's title, section and text.
Digest content_hash(const corpus::Chunk& chunk);

}  // namespace liquid::search
