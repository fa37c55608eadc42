#include "sql/database.h"

#include <sqlite3.h>
#include <unistd.h>

#include <cassert>
#include <utility>

namespace liquid::sql {
namespace {

ErrorCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::data_corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL: return ErrorCode::unavailable;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY: return ErrorCode::permission_denied;
    case SQLITE_CONSTRAINT: return ErrorCode::conflict;
    case SQLITE_CANTOPEN: return ErrorCode::not_found;
    case SQLITE_TOOBIG: return ErrorCode::resource_exhausted;
    default: return ErrorCode::internal;
  }
}

Error error_of(sqlite3* connection, int sqlite_code) {
  const char* file = connection != nullptr ? sqlite3_db_filename(connection, "main") : nullptr;
  std::string message = file != nullptr && *file != '\0' ? std::string(file) + ": " : std::string();
  message += connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(sqlite_code);
  return Error{code_of(sqlite_code), std::move(message)};
}

// SQLite's own words ("unable to open database file") leave the reader of a read-only mount
// guessing.
Error explain(Error error, const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const bool unwritable = ::access(folder.c_str(), W_OK) != 0;
  if (error.code != ErrorCode::not_found || !unwritable ||
      !std::filesystem::exists(path, ignored)) {
    return error;
  }
  return Error{ErrorCode::permission_denied,
               path.string() +
                   ": the folder cannot be written; readers need that too, SQLite keeps " +
                   path.filename().string() + "-shm there"};
}

int open_flags(Access access) {
  constexpr int kCommon = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (access) {
    case Access::read_only: return kCommon | SQLITE_OPEN_READONLY;
    case Access::read_write: return kCommon | SQLITE_OPEN_READWRITE;
    case Access::create: return kCommon | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  }
  return kCommon;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);  // repeats the error of the last step, which was reported then
}

Statement& Statement::remember(int code) {
  if (bind_error_ == SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  assert(state_ == State::idle);
  return remember(sqlite3_bind_int64(statement_.get(), parameter, value));
}

Statement& Statement::bind(int parameter, double value) {
  assert(state_ == State::idle);
  return remember(sqlite3_bind_double(statement_.get(), parameter, value));
}

Statement& Statement::bind_text(int parameter, std::string_view text) {
  assert(state_ == State::idle);
  // A null pointer would bind NULL; an empty view means an empty string.
  const char* bytes = text.data() != nullptr ? text.data() : "";
  return remember(sqlite3_bind_text64(statement_.get(), parameter, bytes, text.size(),
                                      SQLITE_STATIC, SQLITE_UTF8));
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  assert(state_ == State::idle);
  const char* start = bytes.data() != nullptr ? bytes.data() : "";
  return remember(
      sqlite3_bind_blob64(statement_.get(), parameter, start, bytes.size(), SQLITE_STATIC));
}

Statement& Statement::bind_null(int parameter) {
  assert(state_ == State::idle);
  return remember(sqlite3_bind_null(statement_.get(), parameter));
}

Result<bool> Statement::step() {
  assert(state_ != State::done);
  sqlite3* connection = sqlite3_db_handle(statement_.get());
  if (bind_error_ != SQLITE_OK) return error_of(connection, bind_error_);
  const int code = sqlite3_step(statement_.get());
  state_ = code == SQLITE_ROW ? State::row : State::done;
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return error_of(connection, code);
}

Result<void> Statement::run() {
  const ResetGuard guard(*this);
  for (;;) {
    const Result<bool> row = step();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  state_ = State::idle;
  bind_error_ = SQLITE_OK;
}

std::int64_t Statement::integer(int column) const {
  assert(state_ == State::row);
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
  assert(state_ == State::row);
  return sqlite3_column_double(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  assert(state_ == State::row);
  const auto* start = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  const int length = sqlite3_column_bytes(statement_.get(), column);
  return start != nullptr ? std::string_view(start, static_cast<std::size_t>(length))
                          : std::string_view();
}

std::string_view Statement::blob(int column) const {
  assert(state_ == State::row);
  const auto* start = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int length = sqlite3_column_bytes(statement_.get(), column);
  return start != nullptr ? std::string_view(start, static_cast<std::size_t>(length))
                          : std::string_view();
}

bool Statement::is_null(int column) const {
  assert(state_ == State::row);
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void BlobWriter::Close::operator()(sqlite3_blob* blob) const {
  sqlite3_blob_close(blob);  // repeats the error of the last write, which was reported then
}

Result<void> BlobWriter::append(std::string_view bytes) {
  const auto size = static_cast<int>(bytes.size());
  const int code = bytes.size() > static_cast<std::size_t>(sqlite3_blob_bytes(blob_.get()) - at_)
                       ? SQLITE_ERROR
                       : sqlite3_blob_write(blob_.get(), bytes.data(), size, at_);
  if (code == SQLITE_ERROR) return Error{ErrorCode::internal, "a blob has no room left"};
  if (code != SQLITE_OK) return error_of(connection_, code);
  at_ += size;
  return {};
}

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

Result<Database> Database::open(const std::filesystem::path& path, const DatabaseOptions& options) {
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &connection, open_flags(options.access), nullptr);
  Database database(connection);  // SQLite hands out a connection to close even when it fails
  if (code != SQLITE_OK) return error_of(connection, code).with_context(path.string());
  Result<void> configured = database.configure(options);
  if (!configured) return explain(std::move(configured).error(), path);
  return database;
}

Result<void> Database::configure(const DatabaseOptions& options) {
  sqlite3_busy_timeout(connection_.get(), static_cast<int>(options.busy_timeout.count()));
  std::string script =
      "PRAGMA cache_size=-" + std::to_string(options.cache_kib) +
      ";PRAGMA foreign_keys=ON;PRAGMA trusted_schema=OFF;" +
      "SELECT 1 FROM sqlite_master LIMIT 1;";  // reads the file: is it one of ours?
  if (options.access != Access::read_only) {
    script += "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA journal_size_limit=67108864;";
  }
  return execute(script);
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return error_of(connection_.get(), code);
  return Statement(statement);
}

Result<BlobWriter> Database::write_blob(const char* table, const char* column, std::int64_t row) {
  constexpr int kForWriting = 1;
  sqlite3_blob* blob = nullptr;
  const int code =
      sqlite3_blob_open(connection_.get(), "main", table, column, row, kForWriting, &blob);
  if (code != SQLITE_OK) return error_of(connection_.get(), code);
  return BlobWriter(connection_.get(), blob);
}

Result<void> Database::execute(const std::string& script) {
  const int code = sqlite3_exec(connection_.get(), script.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error_of(connection_.get(), code);
  return {};
}

Result<std::int64_t> Database::pragma(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  const Result<bool> row = statement->step();
  if (!row) return row.error();
  return *row ? statement->integer(0) : 0;
}

Result<std::int64_t> Database::user_version() { return pragma("PRAGMA user_version"); }

Result<void> Database::set_user_version(std::int64_t version) {
  return execute("PRAGMA user_version=" + std::to_string(version));
}

Result<std::int64_t> Database::data_version() { return pragma("PRAGMA data_version"); }

Result<Transaction> Transaction::begin(Database& database, TransactionKind kind) {
  Result<void> begun =
      database.execute(kind == TransactionKind::write ? "BEGIN IMMEDIATE" : "BEGIN");
  if (!begun) return std::move(begun).error();
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  const Result<void> rolled_back = database_->execute("ROLLBACK");
  static_cast<void>(rolled_back);  // SQLite has rolled back by itself when this fails
}

Result<void> Transaction::commit() {
  assert(database_ != nullptr);
  Result<void> committed = database_->execute("COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace liquid::sql
