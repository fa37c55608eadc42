#include "cli/shutdown_limit.h"

#include <cstdio>
#include <cstdlib>

#include "base/log.h"

namespace liquid::cli {
namespace {

constexpr std::chrono::milliseconds kForTheRest{500};

}  // namespace

ShutdownLimit::~ShutdownLimit() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ShutdownLimit::start(std::chrono::milliseconds grace) {
  const std::lock_guard lock(mutex_);
  end_ = std::chrono::steady_clock::now() + grace + kForTheRest;
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_all();
}

void ShutdownLimit::run() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    if (std::chrono::steady_clock::now() >= end_) {
      log_event(LogLevel::warning, "stopped with work still running");
      flush_log();
      std::fflush(stdout);
      std::_Exit(0);
    }
    changed_.wait_until(lock, end_);
  }
}

}  // namespace liquid::cli
