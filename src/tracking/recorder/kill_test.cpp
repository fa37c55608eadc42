#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "tracking/client/open_store.h"
#include "tracking/recorder/recovery.h"
#include "tracking/recorder/test_folder.h"

extern char** environ;

// A recording process that is killed again and again, against a SQLite file.

namespace liquid::tracking {
namespace {

constexpr int kTotal = 20'000;
constexpr int kKills = 12;

class KilledRecorderTest : public ::testing::Test {
 protected:
  std::string uri() const { return "sqlite:///" + (folder_.path() / "mlflow.db").string(); }
  std::string journal() const { return (folder_.path() / "journal").string(); }

  pid_t launch() {
    std::vector<std::string> words = {
        RECORDER_PROBE,         uri(),  journal(), (folder_.path() / "checkpoint").string(),
        std::to_string(kTotal), "15000"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    EXPECT_EQ(::posix_spawn(&child, RECORDER_PROBE, nullptr, nullptr, arguments.data(), environ),
              0);
    return child;
  }
  static int wait_for(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }

  testing::TestFolder folder_;
  SystemClock clock_;
};

TEST_F(KilledRecorderTest, EveryPointIsThereOnceInTheEnd) {
  std::minstd_rand random(7);
  for (int kill = 0; kill < kKills; ++kill) {
    const pid_t child = launch();
    // Where in its life it dies is what varies; nothing is waited for.
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 400));
    ::kill(child, SIGKILL);
    wait_for(child);
  }
  int status = 3;
  for (int life = 0; life < 5 && status != 0; ++life) status = wait_for(launch());
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(survey_journals(journal()).empty());

  auto store = open_store(uri(), {}, clock_);
  ASSERT_TRUE(store) << store.error().message;
  const auto experiment = (*store)->experiments().find("probe");
  ASSERT_TRUE(experiment && *experiment);
  RunQuery query;
  query.experiment_ids = {(*experiment)->id};
  const auto runs = (*store)->runs().search(query);
  ASSERT_TRUE(runs) << runs.error().message;
  std::vector<int> seen(kTotal);
  for (const tracking::Run& run : runs->items) {
    EXPECT_NE(run.info.status, RunStatus::running);
    const auto history = (*store)->runs().metric_history({run.info.id, "p", std::nullopt, ""});
    ASSERT_TRUE(history) << history.error().message;
    for (const Metric& point : history->items) ++seen.at(static_cast<std::size_t>(point.step));
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 0), 0) << "points are missing";
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), kTotal);
  EXPECT_LE(runs->items.size(), std::size_t{kKills + 5});
}

}  // namespace
}  // namespace liquid::tracking
