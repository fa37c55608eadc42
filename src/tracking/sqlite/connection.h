#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "base/result.h"
#include "sql/database.h"
#include "tracking/search_sql.h"

namespace liquid::tracking::sqlite {

class Connection;

/// A prepared statement on loan from its connection's cache; goes back, reset, when destroyed. Text
/// that was bound must live until then (or until `rewind`).
class Query {
 public:
  Query(Query&& other) noexcept;
  Query& operator=(Query&&) = delete;
  ~Query();

  /// Bind parameter 1, 2, … in order of the calls; `rewind` starts anew.
  Query& bind(std::int64_t value);
  Query& bind(double value);
  Query& bind(std::string_view text);
  Query& bind(const std::string& text) { return bind(std::string_view(text)); }
  Query& bind(const char* text) { return bind(std::string_view(text)); }
  Query& bind(std::nullopt_t);
  Query& bind(const SqlValue& value);
  template <typename T>
  Query& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind(std::nullopt);
  }

  /// True when a row is there.
  Result<bool> next();
  /// Steps to the end, then rewinds.
  Result<void> run();
  /// Back to the start, ready to bind parameter 1 again.
  void rewind();

  /// Columns are numbered from 0; views die with the next `next`.
  std::int64_t integer(int column) const { return statement_.integer(column); }
  double real(int column) const { return statement_.real(column); }
  std::string_view view(int column) const { return statement_.text(column); }
  /// NULL reads as "".
  std::string text(int column) const { return std::string(statement_.text(column)); }
  std::optional<std::int64_t> maybe_integer(int column) const;
  bool is_null(int column) const { return statement_.is_null(column); }

 private:
  friend class Connection;
  Query(Connection& owner, std::string sql, sql::Statement statement);

  Connection* owner_;  // null once moved from
  std::string sql_;
  sql::Statement statement_;
  int bound_ = 0;
};

/// "" becomes NULL: for columns where MLflow writes None.
inline std::optional<std::string_view> or_null(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return text;
}

/// One connection to a tracking file, with MLflow's settings (foreign keys on, LIKE sees case, 20 s
/// of patience with other writers) and its prepared statements, kept by their text. One thread at a
/// time. Errors as in `sql::Database`.
class Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const std::filesystem::path& path,
                                                  sql::Access access);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<Query> query(std::string_view sql);

  /// Runs a statement to its end.
  template <typename... Values>
  Result<void> run(std::string_view sql, const Values&... values) {
    Result<Query> statement = query(sql);
    if (!statement) return std::move(statement).error();
    (statement->bind(values), ...);
    return statement->run();
  }

  /// Calls `on_row(const Query&)` for every row.
  template <typename OnRow, typename... Values>
  Result<void> each(std::string_view sql, OnRow&& on_row, const Values&... values) {
    Result<Query> rows = query(sql);
    if (!rows) return std::move(rows).error();
    (rows->bind(values), ...);
    for (;;) {
      const Result<bool> row = rows->next();
      if (!row) return row.error();
      if (!*row) return {};
      on_row(static_cast<const Query&>(*rows));
    }
  }

  /// Is there at least one row?
  template <typename... Values>
  Result<bool> any(std::string_view sql, const Values&... values) {
    Result<Query> rows = query(sql);
    if (!rows) return std::move(rows).error();
    (rows->bind(values), ...);
    return rows->next();
  }

  /// Rows that the last INSERT, UPDATE or DELETE touched.
  Result<std::int64_t> changes();
  /// The key that the last INSERT made.
  Result<std::int64_t> last_insert_id();

  sql::Database& database() { return database_; }

 private:
  friend class Query;
  explicit Connection(sql::Database database) : database_(std::move(database)) {}
  Result<std::int64_t> number(std::string_view sql);
  void give_back(std::string sql, sql::Statement statement);

  sql::Database database_;
  // After database_, so that statements are finalised before it closes. Idle statements only.
  std::unordered_map<std::string, sql::Statement> idle_;
};

}  // namespace liquid::tracking::sqlite
