#include "tracking/recorder/last_word.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

namespace liquid::tracking {
namespace {

// Signals and std::terminate belong to the process, so this is the one place with state that does.
constexpr std::size_t kSlots = 256;  // recorders beyond it leave no last word

struct Slot {
  std::atomic<int> file{-1};  // read by signal handlers
  bool used = false;          // guarded by slots_mutex
  std::function<void(RunStatus)> end_run;
};
std::array<Slot, kSlots> slots;
std::mutex slots_mutex;  // recursive use is impossible: end_run destroys no LastWord
std::atomic<int> signal_pipe{-1};
std::terminate_handler earlier_terminate = nullptr;

static_assert(std::atomic<int>::is_always_lock_free);

// Async-signal-safe.
void write_word(std::string_view word) {
  for (const Slot& slot : slots) {
    const int file = slot.file.load(std::memory_order_relaxed);
    if (file >= 0) [[maybe_unused]]
      const ssize_t written = ::write(file, word.data(), word.size());
  }
}

void end_all(RunStatus status) {
  // In the terminate handler the lock may be held by the very thread that terminates.
  std::unique_lock lock(slots_mutex, std::try_to_lock);
  if (!lock.owns_lock()) return;
  for (const Slot& slot : slots) {
    if (slot.used && slot.end_run) slot.end_run(status);
  }
}

[[noreturn]] void on_terminate() {
  write_word("FAILED terminate\n");
  end_all(RunStatus::failed);
  if (earlier_terminate != nullptr) earlier_terminate();
  std::abort();
}

// SA_RESETHAND: the next one of its kind meets the default action.
void on_request_to_end(int number) {
  const int before = errno;
  write_word("KILLED signal\n");
  const auto byte = static_cast<unsigned char>(number);
  const int pipe = signal_pipe.load(std::memory_order_relaxed);
  [[maybe_unused]] const ssize_t written = ::write(pipe, &byte, 1);
  errno = before;
}

void on_crash(int number) {
  write_word("FAILED signal\n");
  // Back to the default action, so that the crash is what it would have been.
  ::signal(number, SIG_DFL);
  ::raise(number);
}

constexpr std::array kRequests = {SIGTERM, SIGINT, SIGHUP};
constexpr std::array kCrashes = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

void install(int number, void (*handler)(int)) {
  struct sigaction current {};
  if (::sigaction(number, nullptr, &current) != 0 || current.sa_handler != SIG_DFL) return;
  struct sigaction wanted {};
  wanted.sa_handler = handler;
  wanted.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&wanted.sa_mask);
  ::sigaction(number, &wanted, nullptr);
}

void uninstall(int number, void (*handler)(int)) {
  struct sigaction current {};
  if (::sigaction(number, nullptr, &current) == 0 && current.sa_handler == handler) {
    ::signal(number, SIG_DFL);
  }
}

std::thread watcher;
int watched = -1;  // the pipe's reading end

void watch() {
  unsigned char number = 0;
  while (::read(watched, &number, 1) < 0 && errno == EINTR) {
  }
  if (number == 0) return;  // told to stop
  end_all(RunStatus::killed);
  ::signal(number, SIG_DFL);
  ::kill(::getpid(), number);
}

}  // namespace

EndRunsOnSignals::EndRunsOnSignals() {
  std::array<int, 2> ends{-1, -1};
  if (watcher.joinable() || ::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  watched = ends[0];
  signal_pipe.store(ends[1]);
  watcher = std::thread(watch);
  for (const int number : kRequests) install(number, on_request_to_end);
  for (const int number : kCrashes) install(number, on_crash);
}

EndRunsOnSignals::~EndRunsOnSignals() {
  if (!watcher.joinable()) return;
  for (const int number : kRequests) uninstall(number, on_request_to_end);
  for (const int number : kCrashes) uninstall(number, on_crash);
  const unsigned char stop = 0;
  [[maybe_unused]] const ssize_t written = ::write(signal_pipe.load(), &stop, 1);
  watcher.join();
  ::close(signal_pipe.exchange(-1));
  ::close(std::exchange(watched, -1));
}

namespace recorder {

LastWord::LastWord(const std::filesystem::path& file, std::function<void(RunStatus)> end_run)
    : slot_(kSlots) {
  static const bool kInstalled = [] {
    earlier_terminate = std::set_terminate(on_terminate);
    return true;
  }();
  static_cast<void>(kInstalled);
  const std::lock_guard lock(slots_mutex);
  for (std::size_t i = 0; i < kSlots && slot_ == kSlots; ++i) {
    if (!slots[i].used) slot_ = i;
  }
  if (slot_ == kSlots) return;
  Slot& slot = slots[slot_];
  slot.used = true;
  slot.end_run = std::move(end_run);
  slot.file.store(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
}

LastWord::~LastWord() {
  if (slot_ == kSlots) return;
  const std::lock_guard lock(slots_mutex);
  Slot& slot = slots[slot_];
  slot.used = false;
  slot.end_run = nullptr;
  const int file = slot.file.exchange(-1);
  if (file >= 0) ::close(file);
}

}  // namespace recorder
}  // namespace liquid::tracking
