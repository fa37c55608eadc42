#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "tracking/client/open_store.h"
#include "tracking/recorder/last_word.h"
#include "tracking/recorder/recovery.h"
#include "tracking/recorder/test_folder.h"

extern char** environ;

// How a recording process ends, and what becomes of its run: a real process, a SQLite file.

namespace liquid::tracking {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr std::int64_t kPoints = 20'000;

// Takes connections and never answers, as a server does that hangs.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_, any, size), 0);
    EXPECT_EQ(::listen(socket_, 16), 0);
    EXPECT_EQ(::getsockname(socket_, any, &size), 0);
    uri_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentServer() { ::close(socket_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  const std::string& uri() const { return uri_; }

 private:
  int socket_;
  std::string uri_;
};

// A process and the ends of its standard output and error.
struct Child {
  pid_t pid = 0;
  int output = -1;
};

class EndingTest : public ::testing::Test {
 protected:
  std::string uri() const { return "sqlite:///" + (folder_.path() / "mlflow.db").string(); }
  std::string journal() const { return (folder_.path() / "journal").string(); }

  Child launch(const std::string& ending, const std::string& uri) {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDERR_FILENO);
    std::vector<std::string> words = {ENDING_PROBE, uri, journal(), std::to_string(kPoints),
                                      ending};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    Child child{0, pipe[0]};
    EXPECT_EQ(::posix_spawn(&child.pid, ENDING_PROBE, &actions, nullptr, arguments.data(), environ),
              0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe[1]);
    return child;
  }
  // Until it has said so.
  void await(const Child& child, const std::string& word) {
    std::array<char, 4096> piece{};
    while (said_.find(word) == std::string::npos) {
      const ssize_t got = ::read(child.output, piece.data(), piece.size());
      ASSERT_GT(got, 0) << "ended before it said '" << word << "': " << said_;
      said_.append(piece.data(), static_cast<std::size_t>(got));
    }
  }
  int end_of(const Child& child) {
    std::array<char, 4096> piece{};
    for (ssize_t got = 1; got > 0;) {
      got = ::read(child.output, piece.data(), piece.size());
      if (got > 0) said_.append(piece.data(), static_cast<std::size_t>(got));
    }
    ::close(child.output);
    int status = 0;
    ::waitpid(child.pid, &status, 0);
    return status;
  }
  // Runs it to its end, with a signal when it is ready (0: none).
  int run(const std::string& ending, int signal) { return run_at(uri(), ending, signal); }
  int run_at(const std::string& uri, const std::string& ending, int signal) {
    const Child child = launch(ending, uri);
    await(child, "ready");
    if (signal != 0) ::kill(child.pid, signal);
    return end_of(child);
  }
  // Until the handler of the journal's process has noted a signal.
  void await_last_word() const {
    const auto limit = std::chrono::steady_clock::now() + seconds(30);
    for (;;) {
      for (const JournalSurvey& survey : survey_journals(journal())) {
        const Result<std::string> word = read_file(survey.folder / "last_word");
        if (word && !word->empty()) return;
      }
      ASSERT_LT(std::chrono::steady_clock::now(), limit);
    }
  }

  // The only run, which is whole and has ended in this way; nothing waits in the journal.
  void expect_whole_run(RunStatus status) {
    EXPECT_TRUE(survey_journals(journal()).empty());
    auto store = open_store(uri(), {}, clock_);
    ASSERT_TRUE(store) << store.error().message;
    const auto experiment = (*store)->experiments().find("probe");
    ASSERT_TRUE(experiment && *experiment);
    RunQuery query;
    query.experiment_ids = {(*experiment)->id};
    const auto runs = (*store)->runs().search(query);
    ASSERT_TRUE(runs) << runs.error().message;
    ASSERT_EQ(runs->items.size(), 1U);
    const RunInfo& run = runs->items.front().info;
    EXPECT_EQ(run.status, status);
    EXPECT_TRUE(run.end_time_ms);
    const auto history = (*store)->runs().metric_history({run.id, "p", std::nullopt, ""});
    ASSERT_TRUE(history) << history.error().message;
    ASSERT_EQ(history->items.size(), static_cast<std::size_t>(kPoints));
    for (std::int64_t step = 0; step < kPoints; ++step) {
      ASSERT_EQ(history->items[static_cast<std::size_t>(step)].step, step);
    }
  }
  // What is left waits in the journal, to the last point.
  void expect_whole_journal() {
    const std::vector<JournalSurvey> surveys = survey_journals(journal());
    ASSERT_EQ(surveys.size(), 1U);
    EXPECT_FALSE(surveys.front().in_use);
    EXPECT_EQ(surveys.front().waiting_points, std::uint64_t{kPoints});
  }

  testing::TestFolder folder_;
  SystemClock clock_;
  std::string said_;
};

::testing::AssertionResult died_of(int status, int signal) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == signal) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << (WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status))
                               : "signal " + std::to_string(WTERMSIG(status)));
}

::testing::AssertionResult exited_with(int status, int expected) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == expected) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "status " << status;
}

class RequestToEnd : public EndingTest, public ::testing::WithParamInterface<int> {};

TEST_P(RequestToEnd, EndsTheRunAsKilledAndThenTheProcess) {
  EXPECT_TRUE(died_of(run("signal", GetParam()), GetParam()));
  expect_whole_run(RunStatus::killed);
}

INSTANTIATE_TEST_SUITE_P(Signals, RequestToEnd, ::testing::Values(SIGTERM, SIGINT, SIGHUP));

TEST_F(EndingTest, AnUncaughtExceptionEndsTheRunAsFailed) {
  EXPECT_TRUE(died_of(run("throw", 0), SIGABRT));
  EXPECT_THAT(said_, HasSubstr("earlier handler"));
  expect_whole_run(RunStatus::failed);
}

TEST_F(EndingTest, AnUncaughtExceptionOfAnotherThreadDoesToo) {
  EXPECT_TRUE(died_of(run("throw-in-thread", 0), SIGABRT));
  EXPECT_THAT(said_, HasSubstr("earlier handler"));
  expect_whole_run(RunStatus::failed);
}

TEST_F(EndingTest, AnExceptionThatUnwindsTheRecorderEndsTheRunAsFailed) {
  EXPECT_TRUE(exited_with(run("unwind", 0), 6));
  expect_whole_run(RunStatus::failed);
}

TEST_F(EndingTest, ReturningWithoutAnEndKillsTheRun) {
  EXPECT_TRUE(exited_with(run("return", 0), 0));
  expect_whole_run(RunStatus::killed);
}

TEST_F(EndingTest, ExitWithoutAnEndKillsTheRun) {
  EXPECT_TRUE(exited_with(run("exit", 0), 0)) << said_;
  expect_whole_run(RunStatus::killed);
}

TEST_F(EndingTest, AFinishedRunStaysFinished) {
  EXPECT_TRUE(exited_with(run("finish", 0), 0));
  expect_whole_run(RunStatus::finished);
}

TEST_F(EndingTest, ACrashIsNotedAndRecoveredAsFailed) {
  EXPECT_TRUE(died_of(run("abort", 0), SIGABRT));
  const std::vector<RecoveredJournal> recovered = recover_journals(journal(), {}, clock_);
  ASSERT_EQ(recovered.size(), 1U);
  EXPECT_EQ(recovered.front().outcome, RecoveryOutcome::delivered) << recovered.front().problem;
  EXPECT_EQ(recovered.front().status, RunStatus::failed);
}

TEST_F(EndingTest, AHandlerThatWasThereBeforeStays) {
  EXPECT_TRUE(exited_with(run("own-handler", SIGTERM), 7));
  EXPECT_EQ(read_file(survey_journals(journal()).at(0).folder / "last_word").value(), "");
}

TEST_F(EndingTest, AnIgnoredSignalStaysIgnored) {
  const Child child = launch("ignored-signal", uri());
  await(child, "ready");
  ::kill(child.pid, SIGINT);
  ::kill(child.pid, SIGTERM);
  EXPECT_TRUE(died_of(end_of(child), SIGTERM));
  expect_whole_run(RunStatus::killed);
}

TEST_F(EndingTest, SignalsDoWhatTheyDidOnceItIsGone) {
  EXPECT_TRUE(died_of(run("no-handlers", SIGTERM), SIGTERM));
  EXPECT_EQ(read_file(survey_journals(journal()).at(0).folder / "last_word").value(), "");
}

TEST_F(EndingTest, ASignalToAForkedChildEndsOnlyThat) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer runs no signal handlers in a forked child of several threads";
#endif
  EXPECT_TRUE(exited_with(run("child", 0), 0)) << said_;
  expect_whole_run(RunStatus::finished);
}

TEST_F(EndingTest, AForkedChildThatExitsLeavesTheRunAlone) {
  // To the child, what belongs to threads it does not have is leaked.
  ::setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
  EXPECT_TRUE(exited_with(run("exit-in-child", 0), 0)) << said_;
  expect_whole_run(RunStatus::finished);
  ::unsetenv("ASAN_OPTIONS");
}

TEST_F(EndingTest, ASecondSignalEndsTheProcessAtOnce) {
  const SilentServer server;
  const Child child = launch("signal", server.uri());
  await(child, "ready");
  ::kill(child.pid, SIGINT);
  await_last_word();
  const auto begun = std::chrono::steady_clock::now();
  ::kill(child.pid, SIGTERM);  // of either kind
  EXPECT_TRUE(died_of(end_of(child), SIGTERM));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(3));
}

TEST_F(EndingTest, AHangupBehindATerminationIsNoSecondSignal) {
  const SilentServer server;
  const Child child = launch("signal", server.uri());
  await(child, "ready");
  ::kill(child.pid, SIGTERM);
  await_last_word();
  ::kill(child.pid, SIGHUP);
  EXPECT_TRUE(died_of(end_of(child), SIGTERM));
  expect_whole_journal();
}

TEST_F(EndingTest, ASignalShortensAFinishThatWaitsForTheStore) {
  const SilentServer server;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(died_of(run_at(server.uri(), "finish", SIGTERM), SIGTERM));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(30));  // of the sixty it would wait
  expect_whole_journal();
}

}  // namespace
}  // namespace liquid::tracking
