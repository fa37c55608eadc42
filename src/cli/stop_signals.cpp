#include "cli/stop_signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>

namespace liquid::cli {

StopSignals::StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  stop_ = eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || stop_ < 0) throw std::runtime_error("no descriptors left for signals");
}

StopSignals::~StopSignals() {
  stop_listening();
  close(signals_);
  close(stop_);
}

void StopSignals::listen(std::function<void(int)> on_signal) {
  thread_ = std::thread([this, on_signal = std::move(on_signal)] { run(on_signal); });
}

void StopSignals::stop_listening() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_, 1);
  thread_.join();
}

void StopSignals::run(const std::function<void(int)>& on_signal) {
  pollfd watched[2] = {{signals_, POLLIN, 0}, {stop_, POLLIN, 0}};
  int count = 0;
  for (;;) {
    if (poll(watched, 2, -1) < 0) continue;  // EINTR
    if ((watched[1].revents & POLLIN) != 0) return;
    signalfd_siginfo info{};
    if (read(signals_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
      last_ = static_cast<int>(info.ssi_signo);
      on_signal(++count);
    }
  }
}

}  // namespace liquid::cli
