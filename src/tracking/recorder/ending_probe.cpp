// For ending_test.cpp: logs the points 0 … total-1 of key "p", says "ready" and then ends in one of
// the ways a training can end.
//
//   ending_probe URI JOURNAL_FOLDER TOTAL ENDING

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/clock.h"
#include "tracking/recorder/last_word.h"
#include "tracking/recorder/recorder.h"

namespace {

using namespace liquid;
using namespace liquid::tracking;

struct Training {
  std::unique_ptr<Recorder> recorder;
  std::optional<EndRunsOnSignals> on_signals;
};
using Ending = std::function<int(Training&)>;

int wait_for_signal(Training& /*training*/) {
  // Not pause: ThreadSanitizer runs handlers between calls, so one call must not take for ever.
  for (;;) ::poll(nullptr, 0, 20);
}

int finish(Training& training) { return training.recorder->finish(RunStatus::finished) ? 0 : 3; }

// Exit status 0: the child died of the signal, and that was no matter of the parent's.
int end_child(Training& training) {
  const pid_t child = ::fork();
  if (child == 0) return wait_for_signal(training);
  int status = 0;
  ::kill(child, SIGTERM);
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? finish(training) : 4;
}

int exit_in_child(Training& training) {
  const pid_t child = ::fork();
  if (child == 0) std::exit(5);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 5 ? finish(training) : 4;
}

[[noreturn]] int throw_something() { throw std::runtime_error("out of memory on the device"); }

int unwind(Training& training) {
  try {
    const std::unique_ptr<Recorder> inside = std::move(training.recorder);
    throw_something();
  } catch (const std::exception&) {
    return 6;
  }
}

std::map<std::string, Ending> endings() {
  return {
      {"signal", wait_for_signal},
      {"finish", finish},
      {"child", end_child},
      {"exit-in-child", exit_in_child},
      {"unwind", unwind},
      {"return", [](Training&) { return 0; }},
      {"exit", [](Training&) -> int { std::exit(0); }},
      {"throw", [](Training&) { return throw_something(); }},
      {"abort", [](Training&) -> int { std::abort(); }},
      {"throw-in-thread",
       [](Training&) {
         std::thread([] { throw_something(); }).join();
         return 0;
       }},
      {"no-handlers", wait_for_signal},
      {"own-handler", wait_for_signal},
      {"ignored-signal", wait_for_signal},
  };
}

// What the program has arranged itself before.
void prepare(const std::string& ending) {
  std::set_terminate([] {
    std::fputs("earlier handler\n", stderr);
    std::abort();
  });
  if (ending == "own-handler") {
    std::signal(SIGTERM, [](int) { ::_exit(7); });
  }
  if (ending == "ignored-signal") std::signal(SIGINT, SIG_IGN);
}

int run(std::span<char*> arguments) {
  const auto known = endings();
  const auto ending = known.find(arguments.size() == 5 ? arguments[4] : "");
  if (ending == known.end()) {
    std::fputs("usage: ending_probe URI JOURNAL TOTAL ENDING\n", stderr);
    return 2;
  }
  prepare(ending->first);
  static const SystemClock clock;  // std::exit ends runs when this function's objects are gone
  RecorderOptions options;
  options.settings.tracking_uri = arguments[1];
  options.experiment_name = "probe";
  options.journal_folder = arguments[2];
  auto started = Recorder::start(options, clock);
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }
  Training training{std::move(*started), std::nullopt};
  training.on_signals.emplace();
  if (ending->first == "no-handlers") training.on_signals.reset();
  const std::int64_t total = std::atoll(arguments[3]);
  for (std::int64_t point = 0; point < total; ++point) {
    training.recorder->log_metric("p", static_cast<double>(point), point);
  }
  std::puts("ready");
  std::fflush(stdout);
  return ending->second(training);
}

}  // namespace

int main(int argc, char** argv) { return run({argv, static_cast<std::size_t>(argc)}); }
