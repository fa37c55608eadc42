#include "tracking/sqlite/session.h"

#include <chrono>

#include "tracking/sqlite/artifact_root.h"
#include "tracking/sqlite/schema.h"

namespace liquid::tracking::sqlite {
namespace {

constexpr std::size_t kMaxIdleReaders = 4;

std::int64_t milliseconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const std::filesystem::path& path,
                                               const Settings& settings, const Clock& clock) {
  Result<std::string> root = resolve_artifact_root(settings.artifact_root);
  if (!root) return std::move(root).error();
  Result<std::unique_ptr<Connection>> writer =
      open_with_schema(path, {.artifact_root = *root, .now_ms = milliseconds(clock.wall())});
  if (!writer) return std::move(writer).error();
  return std::unique_ptr<Session>(new Session(path, std::move(*writer), std::move(*root), clock));
}

Session::Session(std::filesystem::path path, std::unique_ptr<Connection> writer,
                 std::string artifact_root, const Clock& clock)
    : path_(std::move(path)),
      artifact_root_(std::move(artifact_root)),
      clock_(clock),
      writer_(std::move(writer)) {}

std::int64_t Session::now_ms() const { return milliseconds(clock_.wall()); }

Result<void> Session::commit(const Job& job) {
  const std::lock_guard lock(writing_);
  Result<sql::Transaction> transaction =
      sql::Transaction::begin(writer_->database(), sql::TransactionKind::write);
  if (!transaction) return std::move(transaction).error();
  Result<void> done = job(*writer_);
  if (!done) return done;
  return transaction->commit();
}

Result<std::unique_ptr<Connection>> Session::lease_reader() {
  using Reader = std::unique_ptr<Connection>;
  Reader idle = idle_readers_.with([](std::vector<Reader>& readers) {
    if (readers.empty()) return Reader();
    Reader last = std::move(readers.back());
    readers.pop_back();
    return last;
  });
  if (idle) return idle;
  return Connection::open(path_, sql::Access::read_only);
}

void Session::give_back(std::unique_ptr<Connection> reader) {
  idle_readers_.with([&](std::vector<std::unique_ptr<Connection>>& readers) {
    if (readers.size() < kMaxIdleReaders) readers.push_back(std::move(reader));
  });
}

}  // namespace liquid::tracking::sqlite
