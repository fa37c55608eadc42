#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>

#include "base/result.h"
#include "tracking/entities.h"

namespace liquid::tracking {

/// As long as it lives, SIGTERM, SIGINT and SIGHUP end the runs of all recorders as KILLED before
/// they end the process, and SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT leave a note in their
/// journals, so that a recovery ends the runs as FAILED. A signal that already has a handler, or is
/// ignored, is left to that. A second SIGTERM or SIGINT ends the process at once.
///
/// One per process; further ones do nothing. The handlers only write to open files; a thread does
/// the rest, and waits for the stores no longer than five seconds. The process dies from the signal
/// as if there had been no handler. In a child made by fork() signals do what they do by default.
class EndRunsOnSignals {
 public:
  EndRunsOnSignals();
  ~EndRunsOnSignals();
  EndRunsOnSignals(const EndRunsOnSignals&) = delete;
  EndRunsOnSignals& operator=(const EndRunsOnSignals&) = delete;

 private:
  bool watches_ = false;
};

namespace recorder {

/// A run that is to end because its process does.
class EndingRun {
 public:
  /// Begins to end the run, unless it is ending already, and gives whoever waits for that end no
  /// more than `limit`, nor more than its own options do. Returns at once.
  virtual void ask_to_end(RunStatus status, std::chrono::milliseconds limit) = 0;
  /// Until the run has ended or the limit is over; then the error says where its rest is.
  virtual Result<void> wait_for_end() = 0;

 protected:
  EndingRun() = default;
  ~EndingRun() = default;
  EndingRun(const EndingRun&) = default;
  EndingRun& operator=(const EndingRun&) = default;
};

/// A recorder that wants to know when its process ends without finishing it: by a signal (see
/// above), std::terminate (FAILED, five seconds; then the handler that was there before the first
/// object) or std::exit (KILLED, the recorder's own limit).
class LastWord {
 public:
  /// Signal handlers note in `file` how the process ended. `run` is called from a thread that is no
  /// signal handler, and never again once this object is destroyed.
  LastWord(const std::filesystem::path& file, EndingRun& run);
  ~LastWord();
  LastWord(const LastWord&) = delete;
  LastWord& operator=(const LastWord&) = delete;

 private:
  std::size_t slot_;
};

}  // namespace recorder
}  // namespace liquid::tracking
