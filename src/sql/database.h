#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_blob;
struct sqlite3_stmt;

namespace liquid::sql {

/// One prepared statement: bind, step through the rows, reset, bind again.
///
/// States: idle (binding allowed) → row (columns readable) → done → idle again by `reset`. A failed
/// bind is remembered and reported by the next `step`. Text and blobs are not copied: what was
/// bound must live until `reset`. Column views die with the next `step` or `reset`. One thread at a
/// time.
class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;

  /// Parameters are numbered from 1.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, double value);
  Statement& bind_text(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::string_view bytes);
  Statement& bind_null(int parameter);

  /// True when a row is there. Errors as in `Database`.
  Result<bool> step();
  /// Steps to the end and resets; for statements without rows of interest.
  Result<void> run();
  /// Back to idle, bindings gone. Also called by `ResetGuard`.
  void reset();

  /// Columns are numbered from 0; only while a row is there.
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  enum class State { idle, row, done };

  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  Statement& remember(int code);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  State state_ = State::idle;
  int bind_error_ = 0;
};

/// Resets a statement that outlives the function using it, on every way out.
class ResetGuard {
 public:
  explicit ResetGuard(Statement& statement) : statement_(statement) {}
  ~ResetGuard() { statement_.reset(); }
  ResetGuard(const ResetGuard&) = delete;
  ResetGuard& operator=(const ResetGuard&) = delete;

 private:
  Statement& statement_;
};

/// A value of known size in an existing row (made by zeroblob), filled from its start piece by
/// piece, so that it never stands in memory as a whole. The row must not change meanwhile.
class BlobWriter {
 public:
  BlobWriter(BlobWriter&&) noexcept = default;
  BlobWriter& operator=(BlobWriter&&) noexcept = default;

  /// Errors as in `Database`; internal also when there is no room left.
  Result<void> append(std::string_view bytes);

 private:
  friend class Database;
  struct Close {
    void operator()(sqlite3_blob* blob) const;
  };

  BlobWriter(sqlite3* connection, sqlite3_blob* blob) : connection_(connection), blob_(blob) {}

  sqlite3* connection_;
  std::unique_ptr<sqlite3_blob, Close> blob_;
  int at_ = 0;
};

enum class Access { read_only, read_write, create };

struct DatabaseOptions {
  Access access = Access::read_only;
  std::chrono::milliseconds busy_timeout{5000};
  std::int64_t cache_kib = 4096;
};

/// A connection to one SQLite file in WAL mode with full durability at commit. One thread at a
/// time.
///
/// Errors of every call: data_corrupt (not a database, damaged), unavailable (locked for longer
/// than the busy timeout, disk full, I/O), permission_denied, conflict (constraint), not_found (no
/// such file), internal (a defect in our SQL). The message holds the file and SQLite's reason.
class Database {
 public:
  static Result<Database> open(const std::filesystem::path& path, const DatabaseOptions& options);

  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;

  Result<Statement> prepare(std::string_view sql);
  /// Runs every statement of a script.
  Result<void> execute(const std::string& script);

  /// The writer must be gone before the transaction ends. Errors also: internal (no such row).
  Result<BlobWriter> write_blob(const char* table, const char* column, std::int64_t row);

  /// The number that says which schema the file has; 0 in a new one.
  Result<std::int64_t> user_version();
  Result<void> set_user_version(std::int64_t version);
  /// Changes whenever another connection has committed.
  Result<std::int64_t> data_version();

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };

  explicit Database(sqlite3* connection) : connection_(connection) {}
  Result<void> configure(const DatabaseOptions& options);
  Result<std::int64_t> pragma(std::string_view sql);

  std::unique_ptr<sqlite3, Close> connection_;
};

enum class TransactionKind {
  read,   ///< One consistent view; the lock is taken by the first read.
  write,  ///< Takes the write lock at once.
};

/// BEGIN … COMMIT; rolled back when destroyed without a successful `commit`. The database is
/// borrowed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database, TransactionKind kind);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}

  Database* database_;  // null once committed or moved from
};

}  // namespace liquid::sql
