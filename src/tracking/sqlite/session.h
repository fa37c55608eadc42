#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "tracking/settings.h"
#include "tracking/sqlite/connection.h"

namespace liquid::tracking::sqlite {

/// What the five parts of a store share: an open tracking file. One connection writes, several
/// read; readers never wait for the writer. Safe from any thread; the clock is borrowed.
class Session {
 public:
  /// Opens the file, creating it with MLflow's schema when it is missing or empty.
  /// Errors: those of `open_sqlite_store`.
  static Result<std::unique_ptr<Session>> open(const std::filesystem::path& path,
                                               const Settings& settings, const Clock& clock);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// `work(Connection&)`, which returns some Result<T>, inside a write transaction that is
  /// committed when it succeeds and rolled back when it fails. Writes of several threads share one
  /// commit. Never call `write` or `read` from within `work`.
  template <typename Work>
  auto write(Work&& work) -> std::invoke_result_t<Work&, Connection&> {
    using Outcome = std::invoke_result_t<Work&, Connection&>;
    std::optional<Outcome> outcome;
    const Job job = [&](Connection& connection) -> Result<void> {
      outcome.emplace(work(connection));
      if (!*outcome) return outcome->error();
      return {};
    };
    Result<void> committed = commit(job);
    if (!committed) return std::move(committed).error();
    return std::move(*outcome);
  }

  /// `work(Connection&)`, which returns some Result<T>, with one consistent view of the file.
  template <typename Work>
  auto read(Work&& work) -> std::invoke_result_t<Work&, Connection&> {
    Result<std::unique_ptr<Connection>> reader = lease_reader();
    if (!reader) return std::move(reader).error();
    auto outcome = in_view(**reader, work);
    give_back(std::move(*reader));
    return outcome;
  }

  /// Milliseconds since 1970.
  std::int64_t now_ms() const;
  /// Where new experiments keep artifacts: an absolute path or a URI.
  const std::string& artifact_root() const { return artifact_root_; }

 private:
  using Job = std::function<Result<void>(Connection&)>;

  Session(std::filesystem::path path, std::unique_ptr<Connection> writer, std::string artifact_root,
          const Clock& clock);

  /// A write that waits for its commit.
  struct Pending {
    const Job& job;
    Result<void> outcome;
    enum class State { waiting, finished } state = State::waiting;
  };

  Result<void> commit(const Job& job);
  void commit_together(const std::vector<Pending*>& group);
  Result<void> run_all(const std::vector<Pending*>& group);
  Result<void> run_alone(Pending& pending);
  Result<std::unique_ptr<Connection>> lease_reader();
  void give_back(std::unique_ptr<Connection> reader);

  template <typename Work>
  static auto in_view(Connection& reader, Work& work) -> std::invoke_result_t<Work&, Connection&> {
    Result<sql::Transaction> view =
        sql::Transaction::begin(reader.database(), sql::TransactionKind::read);
    if (!view) return std::move(view).error();
    return work(reader);
  }

  const std::filesystem::path path_;
  const std::string artifact_root_;
  const Clock& clock_;
  // Whoever finds no leader leads: takes all that wait, commits them and wakes their threads. Only
  // the leader touches writer_.
  enum class Leader { none, committing };
  std::mutex queueing_;
  std::condition_variable finished_;
  std::vector<Pending*> queue_;   // under queueing_
  Leader leader_ = Leader::none;  // under queueing_
  std::unique_ptr<Connection> writer_;
  Guarded<std::vector<std::unique_ptr<Connection>>> idle_readers_;
};

}  // namespace liquid::tracking::sqlite
