#pragma once

#include <filesystem>
#include <functional>

#include "tracking/entities.h"

namespace liquid::tracking {

/// As long as it lives, SIGTERM, SIGINT and SIGHUP end the runs of all recorders as KILLED before
/// they end the process, and SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT leave a note in their
/// journals, so that a recovery ends the runs as FAILED. A signal that already has a handler is
/// left to it. A second SIGTERM or SIGINT ends the process at once.
///
/// One per process. The handlers only write to open files; a thread does the rest, and waits for
/// the stores no longer than five seconds.
class EndRunsOnSignals {
 public:
  EndRunsOnSignals();
  ~EndRunsOnSignals();
  EndRunsOnSignals(const EndRunsOnSignals&) = delete;
  EndRunsOnSignals& operator=(const EndRunsOnSignals&) = delete;
};

namespace recorder {

/// A recorder that wants to know when its process ends without finishing it.
class LastWord {
 public:
  /// `end_run` ends the run within seconds; it is called from a thread that is no signal handler,
  /// and never again once this object is destroyed. Also from the terminate handler, which the
  /// first object installs before the one that was there.
  LastWord(const std::filesystem::path& file, std::function<void(RunStatus)> end_run);
  ~LastWord();
  LastWord(const LastWord&) = delete;
  LastWord& operator=(const LastWord&) = delete;

 private:
  std::size_t slot_;
};

}  // namespace recorder
}  // namespace liquid::tracking
