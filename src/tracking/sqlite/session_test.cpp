#include "tracking/sqlite/session.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tracking/sqlite/sqlite_store.h"

// Several writers at once, and writers that are killed.

namespace liquid::tracking::sqlite {
namespace {

namespace fs = std::filesystem;

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    std::string name = fs::path(testing::TempDir()) / "liquid_session_XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~SessionTest() override { fs::remove_all(folder_); }

  fs::path file() const { return folder_ / "mlflow.db"; }
  std::unique_ptr<Session> session() {
    Result<std::unique_ptr<Session>> opened = Session::open(file(), Settings{}, clock_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(opened).value();
  }
  std::unique_ptr<Store> store() {
    Result<std::unique_ptr<Store>> opened =
        open_sqlite_store("sqlite:///" + file().string(), Settings{}, clock_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(opened).value();
  }

  static std::int64_t count(Session& session, std::string_view sql) {
    const Result<std::int64_t> number =
        session.read([&](Connection& connection) -> Result<std::int64_t> {
          std::int64_t value = -1;
          Result<void> read =
              connection.each(sql, [&](const Query& row) { value = row.integer(0); });
          if (!read) return std::move(read).error();
          return value;
        });
    return number ? *number : -2;
  }

  /// Runs `work` in a child process; its exit status is 0 unless it was killed.
  template <typename Work>
  static pid_t start(Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
      work();
      ::_exit(0);
    }
    return child;
  }

  SystemClock clock_;
  fs::path folder_;
};

TEST_F(SessionTest, AWriteThatFailsTakesNoOtherOfItsGroupAlong) {
  const auto shared = session();
  std::vector<std::thread> writers;
  std::atomic<int> refused = 0;
  for (int writer = 0; writer < 8; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < 25; ++i) {
        const std::string name = std::to_string(writer) + "-" + std::to_string(i);
        const Result<void> written = shared->write([&](Connection& connection) -> Result<void> {
          Result<void> inserted = connection.run(
              "INSERT INTO experiments(name, workspace) VALUES (?1, 'default')", name);
          if (inserted && i % 5 == 0) return Error{ErrorCode::conflict, "changed its mind"};
          return inserted;
        });
        if (!written) ++refused;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(refused, 8 * 5);
  EXPECT_EQ(count(*shared, "SELECT count(*) FROM experiments"), 1 + 8 * 20);
}

TEST_F(SessionTest, ProcessesThatOpenAMissingFileAtOnceMakeOneSchema) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(start([&] {
      Result<std::unique_ptr<Session>> opened = Session::open(file(), Settings{}, clock_);
      ::_exit(opened ? 0 : 1);
    }));
  }
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(count(*session(), "SELECT count(*) FROM experiments"), 1);
}

TEST_F(SessionTest, AKilledWriterLeavesWholeBatches) {
  const RunId run = [&] {
    auto made = store()->runs().create({.experiment_id = ExperimentId("0"), .start_time_ms = 1});
    return made.value().info.id;
  }();
  constexpr int kPoints = 500;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = start([&] {
    const auto mine = store();
    for (int batch = 0;; ++batch) {
      Batch points;
      for (int i = 0; i < kPoints; ++i) {
        points.metrics.push_back({"m", 1.0, 1, batch * kPoints + i, {}, {}, {}, {}});
      }
      points.tags.push_back({"batches", std::to_string(batch + 1)});
      if (!mine->runs().log_batch(run, points)) ::_exit(1);
      if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    }
  });
  char seen = 0;
  for (int batch = 0; batch < 3; ++batch) ASSERT_EQ(::read(ready[0], &seen, 1), 1);
  ::kill(child, SIGKILL);  // in the middle of some later batch
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  ::close(ready[0]);
  ::close(ready[1]);
  const auto after = session();
  const std::int64_t points = count(*after, "SELECT count(*) FROM metrics");
  EXPECT_GE(points, 3 * kPoints);
  EXPECT_EQ(points % kPoints, 0);
  EXPECT_EQ(count(*after, "SELECT value FROM tags WHERE key='batches'"), points / kPoints);
  EXPECT_EQ(count(*after, "SELECT step + 1 FROM latest_metrics"), points);
}

TEST_F(SessionTest, AReaderSeesOneStateWhileAnotherProcessWrites) {
  const auto mine = session();
  const auto other = session();  // a connection of its own, as another process has
  const Result<void> looked = mine->read([&](Connection& connection) -> Result<void> {
    const auto rows = [&] {
      std::int64_t value = -1;
      EXPECT_TRUE(connection.each("SELECT count(*) FROM experiments",
                                  [&](const Query& row) { value = row.integer(0); }));
      return value;
    };
    EXPECT_EQ(rows(), 1);
    EXPECT_TRUE(other->write([](Connection& writer) {
      return writer.run("INSERT INTO experiments(name, workspace) VALUES ('x', 'default')");
    }));
    EXPECT_EQ(rows(), 1);
    return {};
  });
  EXPECT_TRUE(looked);
  EXPECT_EQ(count(*mine, "SELECT count(*) FROM experiments"), 2);
}

}  // namespace
}  // namespace liquid::tracking::sqlite
