#include "tracking/recorder/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <random>
#include <stdexcept>
#include <thread>

#include "base/file.h"
#include "tracking/recorder/heartbeat.h"
#include "tracking/recorder/memory_store.h"
#include "tracking/recorder/reaper.h"
#include "tracking/recorder/recovery.h"
#include "tracking/recorder/test_folder.h"

namespace liquid::tracking {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::MemoryServer;

constexpr seconds kPatience{60};

class RecorderTest : public ::testing::Test {
 protected:
  RecorderOptions options() const {
    RecorderOptions options;
    options.settings.tracking_uri = "http://server.invalid";
    options.experiment_name = "exp";
    options.journal_folder = journal();
    options.delivery_interval = milliseconds(1);
    options.write_interval = milliseconds(2);
    options.max_backoff = milliseconds(5);
    options.connections = testing::connect_to(server_, (folder_.path() / "artifacts").string());
    return options;
  }
  std::filesystem::path journal() const { return folder_.path() / "journal"; }
  std::unique_ptr<Recorder> start(RecorderOptions options) {
    Result<std::unique_ptr<Recorder>> started = Recorder::start(std::move(options), clock_);
    EXPECT_TRUE(started) << started.error().message;
    return std::move(*started);
  }
  std::vector<RecoveredJournal> recover() {
    RecoveryOptions recovery;
    recovery.connections = options().connections;
    recovery.max_backoff = milliseconds(5);
    recovery.attempts = 100;
    return recover_journals(journal(), recovery, clock_);
  }
  void server_is_away() {
    server_->set_faults(
        [](const std::string&) {
          return std::optional(Error{ErrorCode::unavailable, "connection refused"});
        },
        nullptr);
  }
  void server_is_back() { server_->set_faults(nullptr, nullptr); }
  MemoryServer::Kept only_run() {
    const std::vector<MemoryServer::Kept> runs = server_->runs();
    EXPECT_EQ(runs.size(), 1U);
    return runs.empty() ? MemoryServer::Kept{} : runs.front();
  }

  testing::TestFolder folder_;
  std::shared_ptr<MemoryServer> server_ = std::make_shared<MemoryServer>();
  SystemClock clock_;
};

TEST_F(RecorderTest, DeliversEverythingAndEndsTheRun) {
  auto recorder = start(options());
  recorder->log_param("lr", "0.1");
  recorder->set_tag("note", "first");
  for (int step = 0; step < 2500; ++step) recorder->log_metric("loss", 1.0 / (step + 1), step);
  recorder->set_tag("note", "second");
  DatasetInput input;
  input.dataset.name = "train";
  recorder->log_dataset(input);
  recorder->log_model_output(ModelId("m-1"), 7);
  const Result<RecorderReport> report = recorder->finish(RunStatus::finished);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->delivered, 2500U);
  const MemoryServer::Kept run = only_run();
  EXPECT_EQ(run.run.info.id, report->run_id);
  EXPECT_EQ(run.run.info.status, RunStatus::finished);
  EXPECT_TRUE(run.run.info.end_time_ms);
  EXPECT_EQ(run.points.size(), 2500U);
  EXPECT_EQ(run.params.at("lr"), "0.1");
  EXPECT_EQ(run.tags.at("note"), "second");
  EXPECT_EQ(run.datasets.size(), 1U);
  EXPECT_EQ(run.outputs.size(), 1U);
  EXPECT_TRUE(survey_journals(journal()).empty());
}

TEST_F(RecorderTest, KeepsEveryPointOfSeveralThreads) {
  auto recorder = start(options());
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&recorder, thread] {
      const std::string key = "k" + std::to_string(thread);
      for (int step = 0; step < 20'000; ++step) recorder->log_metric(key, step, step);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Result<RecorderReport> report = recorder->finish(RunStatus::finished);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->delivered, 80'000U);
  EXPECT_EQ(report->dropped, 0U);
  EXPECT_EQ(only_run().points.size(), 80'000U);
}

TEST_F(RecorderTest, WaitsForAServerThatIsAway) {
  server_is_away();
  auto recorder = start(options());
  recorder->log_metric("loss", 0.5, 1);
  EXPECT_FALSE(recorder->flush(milliseconds(50)));
  EXPECT_TRUE(recorder->run_id().empty());
  server_is_back();
  const Result<void> flushed = recorder->flush(kPatience);
  ASSERT_TRUE(flushed) << flushed.error().message;
  EXPECT_EQ(only_run().points.size(), 1U);
  EXPECT_EQ(recorder->run_id().str(), "run0");
}

TEST_F(RecorderTest, LeavesItsJournalWhenTheServerStaysAway) {
  server_is_away();
  RecorderOptions given = options();
  given.finish_limit = milliseconds(100);
  auto recorder = start(given);
  for (int step = 0; step < 10; ++step) recorder->log_metric("loss", step, step);
  const Result<RecorderReport> report = recorder->finish(RunStatus::finished);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::unavailable);
  EXPECT_THAT(report.error().message, ::testing::HasSubstr("connection refused"));
  recorder.reset();
  ASSERT_EQ(survey_journals(journal()).size(), 1U);
  EXPECT_EQ(survey_journals(journal()).front().waiting_points, 10U);
  EXPECT_EQ(survey_journals(journal()).front().last_steps.at("loss"), 9);
  server_is_back();
  const std::vector<RecoveredJournal> recovered = recover();
  ASSERT_EQ(recovered.size(), 1U);
  EXPECT_EQ(recovered.front().outcome, RecoveryOutcome::delivered);
  EXPECT_EQ(only_run().points.size(), 10U);
  EXPECT_EQ(only_run().run.info.status, RunStatus::finished);
}

TEST_F(RecorderTest, TheNextStartDeliversWhatWasLeft) {
  server_is_away();
  RecorderOptions given = options();
  given.finish_limit = milliseconds(50);
  start(given)->log_metric("old", 1, 1);
  server_is_back();
  ASSERT_TRUE(start(options())->finish(RunStatus::finished));
  EXPECT_EQ(server_->runs().size(), 2U);
  EXPECT_TRUE(survey_journals(journal()).empty());
}

TEST_F(RecorderTest, MakesOneRunWhenTheAnswerToMakingItIsLost) {
  std::atomic<int> lost{0};
  server_->set_faults(nullptr, [&lost](const std::string& call) -> std::optional<Error> {
    if (call != "runs.create" || lost++ >= 1) return std::nullopt;
    return Error{ErrorCode::unavailable, "connection reset"};
  });
  auto recorder = start(options());
  recorder->log_metric("loss", 1, 1);
  ASSERT_TRUE(recorder->finish(RunStatus::finished));
  EXPECT_EQ(only_run().points.size(), 1U);
}

TEST_F(RecorderTest, DeletesTwinsOfItsRun) {
  auto recorder = start(options());
  ASSERT_TRUE(recorder->flush(kPatience));
  server_->with([](auto& runs) {
    runs["twin"] = runs["run0"];
    runs["twin"].run.info.id = RunId("twin");
  });
  ASSERT_TRUE(recorder->finish(RunStatus::finished));
  EXPECT_EQ(server_->runs()[0].run.info.stage, LifecycleStage::active);
  EXPECT_EQ(server_->runs()[1].run.info.stage, LifecycleStage::deleted);
}

TEST_F(RecorderTest, ARefusedKeyDoesNotHoldUpTheRest) {
  server_->refuse_key("bad\nkey");
  auto recorder = start(options());
  for (int step = 0; step < 500; ++step) {
    recorder->log_metric("good", step, step);
    if (step % 100 == 0) recorder->log_metric("bad\nkey", step, step);
  }
  recorder->log_param("p", "1");
  recorder->log_param("p", "2");
  const Result<RecorderReport> report = recorder->finish(RunStatus::finished);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->refused, 6U);
  EXPECT_EQ(only_run().points.size(), 500U);
  EXPECT_EQ(only_run().params.at("p"), "1");
  EXPECT_THAT(only_run().tags.at("liquid.lost"), ::testing::HasSubstr("refused 6"));
  std::string noted;
  for (const auto& entry : std::filesystem::directory_iterator(journal())) {
    noted = read_file(entry.path()).value();
  }
  EXPECT_THAT(noted, ::testing::HasSubstr(R"("kind":"metric","key":"bad\nkey","value":"400")"));
  EXPECT_THAT(noted, ::testing::HasSubstr(R"("kind":"param","key":"p","value":"2")"));
}

TEST_F(RecorderTest, HoldsEverythingWhileItsRunIsDeleted) {
  auto recorder = start(options());
  ASSERT_TRUE(recorder->flush(kPatience));
  const auto set_stage = [this](LifecycleStage stage) {
    server_->with([stage](auto& runs) { runs["run0"].run.info.stage = stage; });
  };
  set_stage(LifecycleStage::deleted);
  recorder->log_metric("loss", 1, 1);
  const Result<void> flushed = recorder->flush(milliseconds(100));
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code, ErrorCode::invalid_state);
  set_stage(LifecycleStage::active);
  ASSERT_TRUE(recorder->flush(kPatience));
  EXPECT_EQ(only_run().points.size(), 1U);
  EXPECT_EQ(recorder->report().refused, 0U);
}

TEST_F(RecorderTest, UploadsArtifactsAfterTheNumbers) {
  const std::filesystem::path file = folder_.path() / "weights.bin";
  std::ofstream(file) << "w";
  std::filesystem::create_directory(folder_.path() / "tree");
  std::ofstream(folder_.path() / "tree" / "leaf") << "l";
  auto recorder = start(options());
  recorder->log_artifact(file, "model");
  recorder->log_artifact(folder_.path() / "tree", "");
  recorder->log_artifacts(folder_.path() / "tree", "flat");
  recorder->log_text("hello", "notes/a.txt");
  recorder->log_artifact(folder_.path() / "vanished", "");
  const Result<RecorderReport> report = recorder->finish(RunStatus::finished);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->lost_artifacts, 1U);
  const std::filesystem::path root = folder_.path() / "artifacts";
  EXPECT_EQ(read_file(root / "model" / "weights.bin").value(), "w");
  EXPECT_EQ(read_file(root / "tree" / "leaf").value(), "l");
  EXPECT_EQ(read_file(root / "flat" / "leaf").value(), "l");
  EXPECT_EQ(read_file(root / "notes" / "a.txt").value(), "hello");
}

TEST_F(RecorderTest, ThinsPointsNearTheJournalsBoundAndCountsThem) {
  server_is_away();
  RecorderOptions given = options();
  given.max_journal_bytes = 65'536;
  auto recorder = start(given);
  constexpr int kPoints = 20'000;
  for (int step = 0; step < kPoints; ++step) {
    recorder->log_metric("loss", step, step);
    if (step % 500 != 0) continue;
    ASSERT_TRUE(recorder->sync(kPatience));
  }
  recorder->set_tag("last", "kept");
  ASSERT_TRUE(recorder->sync(kPatience));
  EXPECT_LT(recorder->report().journal_bytes, 65'536U + 16'384U);
  server_is_back();
  const Result<RecorderReport> report = recorder->finish(RunStatus::finished);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(report->thinned, 0U);
  EXPECT_EQ(report->delivered + report->thinned, std::uint64_t{kPoints});
  EXPECT_EQ(only_run().tags.at("last"), "kept");
  EXPECT_THAT(only_run().tags.at("liquid.lost"), ::testing::HasSubstr("thinned"));
}

TEST_F(RecorderTest, FailsWithTheExceptionThatUnwindsIt) {
  try {
    auto recorder = start(options());
    throw std::runtime_error("out of memory on the device");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(only_run().run.info.status, RunStatus::failed);
  start(options()).reset();
  EXPECT_EQ(server_->runs()[1].run.info.status, RunStatus::killed);
}

TEST_F(RecorderTest, GoesOnWithARunThatIsThere) {
  ASSERT_TRUE(start(options())->finish(RunStatus::killed));
  RecorderOptions given = options();
  given.settings.run_id = "run0";
  auto recorder = start(given);
  recorder->log_metric("loss", 1, 1);
  ASSERT_TRUE(recorder->finish(RunStatus::finished));
  EXPECT_EQ(only_run().points.size(), 1U);
  EXPECT_EQ(only_run().run.info.status, RunStatus::finished);
}

TEST_F(RecorderTest, CountsWhatComesAfterTheEnd) {
  auto recorder = start(options());
  ASSERT_TRUE(recorder->finish(RunStatus::finished));
  recorder->log_metric("late", 1, 1);
  recorder->log_param("late", "1");
  EXPECT_EQ(recorder->report().dropped, 2U);
}

TEST_F(RecorderTest, RefusesAStoreThatCanNeverBeUsed) {
  RecorderOptions given = options();
  given.connections = {};
  given.settings.tracking_uri = "file:///tmp/mlruns";
  const auto started = Recorder::start(given, clock_);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::unsupported);
}

TEST_F(RecorderTest, LogsTheMachinesLoad) {
  RecorderOptions given = options();
  given.settings.system_metrics = true;
  given.settings.system_metrics_interval = milliseconds(5);
  auto recorder = start(given);
  while (recorder->report().delivered < 20) {
    ASSERT_TRUE(recorder->flush(kPatience));
  }
  ASSERT_TRUE(recorder->finish(RunStatus::finished));
  std::set<std::int64_t> steps;
  for (const auto& [point, times] : only_run().points) {
    if (std::get<0>(point) == "system/cpu_utilization_percentage") steps.insert(std::get<1>(point));
  }
  ASSERT_FALSE(steps.empty());
  EXPECT_EQ(*steps.begin(), 0);
  EXPECT_EQ(*steps.rbegin(), static_cast<std::int64_t>(steps.size()) - 1);
}

TEST_F(RecorderTest, EveryPointIsThereOnceAfterRandomFaults) {
  std::minstd_rand random(42);
  int faults = 0;
  const auto maybe = [&](const std::string&) -> std::optional<Error> {
    if (faults >= 200 || random() % 3 != 0) return std::nullopt;
    ++faults;
    constexpr ErrorCode kCodes[] = {ErrorCode::unavailable, ErrorCode::internal,
                                    ErrorCode::deadline_exceeded, ErrorCode::resource_exhausted};
    return Error{kCodes[random() % 4], "made up"};
  };
  server_->set_faults(maybe, maybe);
  auto recorder = start(options());
  for (int step = 0; step < 100'000; ++step) {
    recorder->log_metric("loss", step, step);
    if (step % 1000 != 0) continue;
    ASSERT_TRUE(recorder->sync(kPatience));
  }
  const Result<RecorderReport> report = recorder->finish(RunStatus::finished);
  ASSERT_TRUE(report) << report.error().message;
  const MemoryServer::Kept run = only_run();
  ASSERT_EQ(run.points.size(), 100'000U);
  std::int64_t step = 0;
  for (const auto& [point, times] : run.points) ASSERT_EQ(std::get<1>(point), step++);
  EXPECT_GT(faults, 50);
}

TEST_F(RecorderTest, AnEndedRunHasNoHeartbeat) {
  auto recorder = start(options());
  ASSERT_TRUE(recorder->flush(kPatience));
  EXPECT_TRUE(only_run().tags.contains("liquid.heartbeat"));
  ASSERT_TRUE(recorder->finish(RunStatus::finished));
  EXPECT_FALSE(only_run().tags.contains("liquid.heartbeat"));
  EXPECT_TRUE(only_run().tags.contains("liquid.journal_id"));
}

TEST_F(RecorderTest, ReapsTheRunsOfProcessesThatAreGone) {
  RecorderOptions given = options();
  auto recorder = start(given);
  ASSERT_TRUE(recorder->flush(kPatience));
  MemoryServer::Kept living = only_run();
  const auto beat = recorder::parse_heartbeat(living.tags.at("liquid.heartbeat"));
  ASSERT_TRUE(beat);
  const auto add = [&](const std::string& id, const recorder::Heartbeat& heartbeat) {
    server_->with([&](auto& runs) {
      runs[id] = living;
      runs[id].run.info.id = RunId(id);
      runs[id].tags["liquid.heartbeat"] = recorder::encode(heartbeat);
      runs[id].tags["liquid.journal_id"] = id;
    });
  };
  recorder::Heartbeat dead = *beat;
  dead.process.started += 1;  // the pid is there, but it is another process
  add("dead", dead);
  recorder::Heartbeat elsewhere = *beat;
  elsewhere.process.host = "elsewhere";
  add("elsewhere", elsewhere);
  elsewhere.time_ms -= 21 * elsewhere.interval_ms;
  add("silent", elsewhere);
  testing::MemoryStore store(server_);
  const Result<std::vector<ReapedRun>> reaped = reap_runs(store, {}, clock_);
  ASSERT_TRUE(reaped) << reaped.error().message;
  std::vector<std::string> ids;
  for (const ReapedRun& run : *reaped) ids.push_back(run.id.str());
  EXPECT_THAT(ids, ::testing::UnorderedElementsAre("dead", "silent"));
  server_->with([&](auto& runs) {
    EXPECT_EQ(runs["dead"].run.info.status, RunStatus::killed);
    EXPECT_EQ(runs["dead"].run.info.end_time_ms, dead.time_ms);
    EXPECT_EQ(runs["elsewhere"].run.info.status, RunStatus::running);
    EXPECT_EQ(runs["run0"].run.info.status, RunStatus::running);
  });
}

}  // namespace
}  // namespace liquid::tracking
