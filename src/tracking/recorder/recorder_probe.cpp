// For the fault tests: logs the points 0 … total-1 of key "p" (value and step are the number), each
// once over any number of lives of this program. A life goes on behind the last point that the
// journals of earlier lives keep, as a training does that is restarted after kill -9.
//
//   recorder_probe URI JOURNAL_FOLDER CHECKPOINT_FILE TOTAL POINTS_PER_SECOND
//
// Exit status 0: everything is delivered. 3: not yet, run it again.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "tracking/recorder/recorder.h"
#include "tracking/recorder/recovery.h"

namespace {

using namespace liquid;
using namespace liquid::tracking;

// The checkpoint keeps what a journal told that has been delivered and removed since.
std::int64_t first_point(const std::string& journal, const std::string& checkpoint) {
  std::int64_t next = 0;
  if (const Result<std::string> text = read_file(checkpoint)) next = std::atoll(text->c_str());
  for (const JournalSurvey& survey : survey_journals(journal)) {
    const auto last = survey.last_steps.find("p");
    if (last != survey.last_steps.end()) next = std::max(next, last->second + 1);
  }
  return next;
}

void log_points(Recorder& recorder, std::int64_t first, std::int64_t total, double per_second) {
  const auto begun = std::chrono::steady_clock::now();
  for (std::int64_t point = first; point < total; ++point) {
    recorder.log_metric("p", static_cast<double>(point), point);
    if (point % 50 != 0) continue;
    const std::chrono::duration<double> due(static_cast<double>(point - first) / per_second);
    std::this_thread::sleep_until(
        begun + std::chrono::duration_cast<std::chrono::steady_clock::duration>(due));
  }
}

int run(std::span<char*> arguments) {
  if (arguments.size() != 6) {
    std::fputs("usage: recorder_probe URI JOURNAL CHECKPOINT TOTAL POINTS_PER_SECOND\n", stderr);
    return 2;
  }
  const SystemClock clock;
  const std::string journal = arguments[2];
  const std::int64_t total = std::atoll(arguments[4]);
  const std::int64_t first = first_point(journal, arguments[3]);
  if (!write_file_atomically(arguments[3], std::to_string(first))) return 1;
  RecorderOptions options;
  options.settings.tracking_uri = arguments[1];
  options.experiment_name = "probe";
  options.journal_folder = journal;
  options.max_backoff = std::chrono::milliseconds(500);
  auto recorder = Recorder::start(options, clock);
  if (!recorder) {
    std::fprintf(stderr, "%s\n", recorder.error().message.c_str());
    return 1;
  }
  std::printf("from %lld\n", static_cast<long long>(first));
  std::fflush(stdout);
  log_points(**recorder, first, total, std::atof(arguments[5]));
  // A journal that is delivered to its end goes away, so what it told is kept before it ends.
  if (!(*recorder)->sync(std::chrono::seconds(60))) return 1;
  if (!write_file_atomically(arguments[3], std::to_string(total))) return 1;
  const Result<RecorderReport> report = (*recorder)->finish(RunStatus::finished);
  if (!report) std::fprintf(stderr, "%s\n", report.error().message.c_str());
  return report && survey_journals(journal).empty() ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) { return run({argv, static_cast<std::size_t>(argc)}); }
