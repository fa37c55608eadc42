#include "tracking/sqlite/session.h"

#include <chrono>
#include <utility>

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
  Pending mine{.job = job, .outcome = {}};
  std::unique_lock lock(queueing_);
  queue_.push_back(&mine);
  finished_.wait(lock,
                 [&] { return mine.state == Pending::State::finished || leader_ == Leader::none; });
  if (mine.state == Pending::State::finished) return std::move(mine.outcome);
  leader_ = Leader::committing;
  const std::vector<Pending*> group = std::exchange(queue_, {});
  lock.unlock();
  commit_together(group);
  lock.lock();
  leader_ = Leader::none;
  for (Pending* pending : group) pending->state = Pending::State::finished;
  // Under the lock: a woken thread may end the session as soon as it can run.
  finished_.notify_all();
  return std::move(mine.outcome);
}

// A commit waits for the disk (about a millisecond here), whatever is in it; so one for all.
void Session::commit_together(const std::vector<Pending*>& group) {
  const Result<void> committed = run_all(group);
  if (committed) return;
  for (Pending* pending : group) {
    if (pending->outcome) pending->outcome = committed;
  }
}

Result<void> Session::run_all(const std::vector<Pending*>& group) {
  Result<sql::Transaction> transaction =
      sql::Transaction::begin(writer_->database(), sql::TransactionKind::write);
  if (!transaction) return std::move(transaction).error();
  if (group.size() == 1) {
    group.front()->outcome = group.front()->job(*writer_);
    if (!group.front()->outcome) return {};  // the transaction's end rolls back
    return transaction->commit();
  }
  for (Pending* pending : group) {
    Result<void> kept = run_alone(*pending);
    if (!kept) return kept;
  }
  return transaction->commit();
}

// A failed write must not take the others of its group along. The error that is returned says that
// SQLite has given up the whole transaction.
Result<void> Session::run_alone(Pending& pending) {
  Result<void> marked = writer_->run("SAVEPOINT one");
  if (!marked) return marked;
  pending.outcome = pending.job(*writer_);
  if (!pending.outcome) {
    const Result<void> undone = writer_->run("ROLLBACK TO one");
    if (!undone) return pending.outcome;
  }
  return writer_->run("RELEASE one");
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
