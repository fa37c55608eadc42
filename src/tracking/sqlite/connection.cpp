#include "tracking/sqlite/connection.h"

#include <chrono>
#include <memory>
#include <utility>

namespace liquid::tracking::sqlite {
namespace {

constexpr std::chrono::milliseconds kBusyTimeout{20'000};
constexpr std::int64_t kCacheKib = 16 * 1024;
// Searches make new texts without end; all others together are about a hundred.
constexpr std::size_t kMaxIdleStatements = 256;

}  // namespace

Query::Query(Connection& owner, std::string sql, sql::Statement statement)
    : owner_(&owner), sql_(std::move(sql)), statement_(std::move(statement)) {}

Query::Query(Query&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)),
      sql_(std::move(other.sql_)),
      statement_(std::move(other.statement_)),
      bound_(other.bound_) {}

Query::~Query() {
  if (owner_ == nullptr) return;
  statement_.reset();
  owner_->give_back(std::move(sql_), std::move(statement_));
}

Query& Query::bind(std::int64_t value) {
  statement_.bind(++bound_, value);
  return *this;
}

Query& Query::bind(double value) {
  statement_.bind(++bound_, value);
  return *this;
}

Query& Query::bind(std::string_view text) {
  statement_.bind_text(++bound_, text);
  return *this;
}

Query& Query::bind(std::nullopt_t) {
  statement_.bind_null(++bound_);
  return *this;
}

Query& Query::bind(const SqlValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return bind(*number);
  if (const auto* real = std::get_if<double>(&value)) return bind(*real);
  return bind(std::string_view(*std::get_if<std::string>(&value)));
}

Result<bool> Query::next() { return statement_.step(); }

Result<void> Query::run() {
  bound_ = 0;
  return statement_.run();
}

void Query::rewind() {
  bound_ = 0;
  statement_.reset();
}

std::optional<std::int64_t> Query::maybe_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& path,
                                                     sql::Access access) {
  Result<sql::Database> database = sql::Database::open(
      path, {.access = access, .busy_timeout = kBusyTimeout, .cache_kib = kCacheKib});
  if (!database) return std::move(database).error();
  Result<void> configured = database->execute("PRAGMA case_sensitive_like=ON");
  if (!configured) return std::move(configured).error();
  return std::unique_ptr<Connection>(new Connection(std::move(database).value()));
}

Result<Query> Connection::query(std::string_view sql) {
  std::string text(sql);
  const auto found = idle_.find(text);
  if (found != idle_.end()) {
    sql::Statement statement = std::move(found->second);
    idle_.erase(found);
    return Query(*this, std::move(text), std::move(statement));
  }
  Result<sql::Statement> statement = database_.prepare(sql);
  if (!statement) return std::move(statement).error();
  return Query(*this, std::move(text), std::move(statement).value());
}

void Connection::give_back(std::string sql, sql::Statement statement) {
  if (idle_.size() >= kMaxIdleStatements) idle_.clear();
  idle_.insert_or_assign(std::move(sql), std::move(statement));
}

Result<std::int64_t> Connection::number(std::string_view sql) {
  Result<Query> rows = query(sql);
  if (!rows) return std::move(rows).error();
  const Result<bool> row = rows->next();
  if (!row) return row.error();
  return *row ? rows->integer(0) : 0;
}

Result<std::int64_t> Connection::changes() { return number("SELECT changes()"); }

Result<std::int64_t> Connection::last_insert_id() { return number("SELECT last_insert_rowid()"); }

}  // namespace liquid::tracking::sqlite
