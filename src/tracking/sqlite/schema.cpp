#include "tracking/sqlite/schema.h"

#include <unistd.h>

#include <system_error>
#include <utility>

namespace liquid::tracking::sqlite {
namespace {

namespace fs = std::filesystem;

Result<void> make_parent(const fs::path& path) {
  if (!path.has_parent_path()) return {};
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  if (!failed) return {};
  return Error{
      failed == std::errc::permission_denied ? ErrorCode::permission_denied : ErrorCode::not_found,
      path.string() + ": the folder cannot be made: " + failed.message()};
}

/// What SQLite would report in words that do not help.
Result<void> check_place(const fs::path& path) {
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (status.type() == fs::file_type::not_found) return make_parent(path);
  if (fs::is_directory(status)) {
    return Error{ErrorCode::invalid_argument,
                 path.string() +
                     ": is a folder; a tracking URI names the database file, as in "
                     "sqlite:///mlflow.db"};
  }
  if (!fs::is_regular_file(status)) {
    return Error{ErrorCode::invalid_argument, path.string() + ": is not a file"};
  }
  if (::access(path.c_str(), W_OK) != 0) {
    return Error{ErrorCode::permission_denied,
                 path.string() + ": the file cannot be written, and tracking needs to"};
  }
  return {};
}

/// The stamp; "" when there is no table at all.
Result<std::string> read_head(Connection& connection, const fs::path& path) {
  const Result<bool> tables = connection.any("SELECT 1 FROM sqlite_master WHERE type='table'");
  if (!tables) return tables.error();
  if (!*tables) return std::string();
  const Result<bool> stamped =
      connection.any("SELECT 1 FROM sqlite_master WHERE type='table' AND name='alembic_version'");
  if (!stamped) return stamped.error();
  if (!*stamped) {
    return Error{ErrorCode::invalid_state,
                 path.string() +
                     ": is the database of another program, not of MLflow (it has "
                     "tables, but no alembic_version)"};
  }
  std::string head;
  Result<void> read =
      connection.each("SELECT version_num FROM alembic_version",
                      [&](const Query& row) { head += (head.empty() ? "" : ", ") + row.text(0); });
  if (!read) return std::move(read).error();
  return head.empty() ? std::string("none") : head;
}

Result<void> check_head(std::string_view head, const fs::path& path) {
  if (head == kHead || head == kHeadOf312) return {};
  return Error{ErrorCode::invalid_state,
               path.string() + ": its schema revision is " + std::string(head) +
                   ", and known are " + std::string(kHead) + " (MLflow 3.17.2) and " +
                   std::string(kHeadOf312) +
                   " (MLflow 3.12.0). Take a backup, then run 'mlflow db upgrade sqlite:///" +
                   path.string() + "' with MLflow 3.17.2"};
}

Result<void> insert_first_rows(Connection& connection, const FirstRows& rows) {
  Result<void> stamped =
      connection.run("INSERT INTO alembic_version(version_num) VALUES (?1)", kHead);
  if (!stamped) return stamped;
  Result<void> workspace = connection.run(
      "INSERT INTO workspaces(name, description) "
      "VALUES ('default', 'Default workspace for legacy resources')");
  if (!workspace) return workspace;
  return connection.run(
      "INSERT INTO experiments(experiment_id, name, artifact_location, lifecycle_stage, "
      "creation_time, last_update_time, workspace) "
      "VALUES (0, 'Default', ?1, 'active', ?2, ?2, 'default')",
      rows.artifact_root + "/0", rows.now_ms);
}

Result<void> create_tables(Connection& connection) {
  for (const std::string_view statement : schema_statements()) {
    Result<void> created = connection.database().execute(std::string(statement));
    if (!created) return std::move(created).error().with_context("schema");
  }
  return {};
}

/// The head after the call. Whoever was first creates; the lock makes the second one look again.
Result<std::string> create_if_empty(Connection& connection, const fs::path& path,
                                    const FirstRows& rows) {
  Result<sql::Transaction> transaction =
      sql::Transaction::begin(connection.database(), sql::TransactionKind::write);
  if (!transaction) return std::move(transaction).error();
  Result<std::string> head = read_head(connection, path);
  if (!head || !head->empty()) return head;
  Result<void> tables = create_tables(connection);
  if (!tables) return std::move(tables).error();
  Result<void> inserted = insert_first_rows(connection, rows);
  if (!inserted) return std::move(inserted).error();
  Result<void> committed = transaction->commit();
  if (!committed) return std::move(committed).error();
  return std::string(kHead);
}

}  // namespace

Result<std::unique_ptr<Connection>> open_with_schema(const fs::path& path, const FirstRows& rows) {
  Result<void> place = check_place(path);
  if (!place) return std::move(place).error();
  Result<std::unique_ptr<Connection>> connection = Connection::open(path, sql::Access::create);
  if (!connection) return connection;
  Result<std::string> head = read_head(**connection, path);
  if (head && head->empty()) head = create_if_empty(**connection, path, rows);
  if (!head) return std::move(head).error();
  Result<void> known = check_head(*head, path);
  if (!known) return std::move(known).error();
  return connection;
}

}  // namespace liquid::tracking::sqlite
