#include "tracking/recorder/last_word.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "base/log.h"

namespace liquid::tracking {
namespace {

using recorder::EndingRun;
using std::chrono::milliseconds;

// Signals, std::terminate and std::exit belong to the process, so this is the one place with state
// that does. None of it is ever destroyed: signals come during exit too.
constexpr std::size_t kSlots = 256;  // recorders beyond it leave no last word
constexpr milliseconds kSignalLimit{5'000};
constexpr milliseconds kNoLimit = std::chrono::hours(24);
constexpr unsigned kStuckSeconds = 20;  // more than an ending takes that is not stuck

struct Slot {
  std::atomic<int> file{-1};  // read by signal handlers
  EndingRun* run = nullptr;   // guarded by slots_mutex
};
std::array<Slot, kSlots> slots;
std::mutex slots_mutex;
std::terminate_handler earlier_terminate = nullptr;

// Written before the handlers are installed, read by them.
std::atomic<pid_t> owner{0};  // a child of fork() has our handlers, but neither threads nor runs
std::atomic<int> signal_pipe{-1};
std::atomic<bool> asked_to_end{false};

static_assert(std::atomic<int>::is_always_lock_free);

bool is_owner() { return owner.load(std::memory_order_relaxed) == ::getpid(); }

// Async-signal-safe.
void write_word(std::string_view word) {
  for (const Slot& slot : slots) {
    const int file = slot.file.load(std::memory_order_relaxed);
    if (file >= 0) [[maybe_unused]]
      const ssize_t written = ::write(file, word.data(), word.size());
  }
}

void log_problem(const Error& problem) {
  log_event(LogLevel::warning, "run not ended", {{"error", problem.message}});
}

void print_problem(const Error& problem) { std::fprintf(stderr, "%s\n", problem.message.c_str()); }

// All are asked before one is waited for: they share the time.
void end_all(RunStatus status, milliseconds limit, void (*tell)(const Error&)) {
  const std::lock_guard lock(slots_mutex);
  for (const Slot& slot : slots) {
    if (slot.run != nullptr) slot.run->ask_to_end(status, limit);
  }
  for (const Slot& slot : slots) {
    const Result<void> ended = slot.run != nullptr ? slot.run->wait_for_end() : Result<void>();
    if (!ended) tell(ended.error());
  }
}

// The thread may hold a lock that ending the runs needs; then this ends the process all the same.
void die_if_stuck() {
  ::signal(SIGALRM, SIG_DFL);
  sigset_t alarm_only;
  sigemptyset(&alarm_only);
  sigaddset(&alarm_only, SIGALRM);
  ::pthread_sigmask(SIG_UNBLOCK, &alarm_only, nullptr);
  ::alarm(kStuckSeconds);
}

[[noreturn]] void on_terminate() {
  static std::atomic<pid_t> ending_thread{0};
  if (is_owner()) {
    pid_t none = 0;
    if (ending_thread.compare_exchange_strong(none, ::gettid())) {
      write_word("FAILED terminate\n");
      die_if_stuck();
      end_all(RunStatus::failed, kSignalLimit, log_problem);
      ::alarm(0);
    } else if (none != ::gettid()) {
      for (;;) ::pause();  // the first thread ends the process
    }
  }
  if (earlier_terminate != nullptr) earlier_terminate();
  std::abort();
}

// The default action, as soon as the handler has returned.
void die_of(int number) {
  ::signal(number, SIG_DFL);
  ::raise(number);
}

void on_request_to_end(int number) {
  const int before = errno;
  const int pipe = signal_pipe.load(std::memory_order_relaxed);
  // Without a pipe somebody has kept this handler longer than its owner lived.
  const bool watched = is_owner() && pipe >= 0;
  if (watched && !asked_to_end.exchange(true)) {
    write_word("KILLED signal\n");
    const auto byte = static_cast<unsigned char>(number);
    [[maybe_unused]] const ssize_t written = ::write(pipe, &byte, 1);
  } else if (!watched || number != SIGHUP) {  // service managers send SIGHUP right behind SIGTERM
    die_of(number);
  }
  errno = before;
}

void on_crash(int number) {
  if (is_owner()) write_word("FAILED signal\n");
  die_of(number);
}

constexpr std::array kRequests = {SIGTERM, SIGINT, SIGHUP};
constexpr std::array kCrashes = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

void install(int number, void (*handler)(int)) {
  struct sigaction current {};
  if (::sigaction(number, nullptr, &current) != 0 || current.sa_handler != SIG_DFL) return;
  struct sigaction wanted {};
  wanted.sa_handler = handler;
  // A stack that has overflowed can run a handler only elsewhere, if there is such a place.
  wanted.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESTART);
  sigemptyset(&wanted.sa_mask);
  ::sigaction(number, &wanted, nullptr);
}

void uninstall(int number, void (*handler)(int)) {
  struct sigaction current {};
  if (::sigaction(number, nullptr, &current) == 0 && current.sa_handler == handler) {
    ::signal(number, SIG_DFL);
  }
}

void watch(int requests) {
  unsigned char number = 0;
  while (::read(requests, &number, 1) < 0 && errno == EINTR) {
  }
  if (number == 0) return;  // told to stop
  end_all(RunStatus::killed, kSignalLimit, log_problem);
  ::signal(number, SIG_DFL);
  ::kill(::getpid(), number);
}

// The thread that waits for signals, while there is one.
struct Watch {
  std::thread thread{};
  int requests = -1;  // the pipe's reading end
};
std::optional<Watch> watching;  // main program only, as EndRunsOnSignals is made and destroyed

void stop_watching() {
  if (!watching) return;
  if (!is_owner()) {
    watching->thread.detach();  // it was not copied into this child
    watching.reset();
    return;
  }
  for (const int number : kRequests) uninstall(number, on_request_to_end);
  for (const int number : kCrashes) uninstall(number, on_crash);
  const unsigned char stop = 0;
  [[maybe_unused]] const ssize_t written = ::write(signal_pipe.load(), &stop, 1);
  watching->thread.join();
  ::close(signal_pipe.exchange(-1));
  ::close(watching->requests);
  watching.reset();
}

void on_exit_of_process() {
  stop_watching();
  if (!is_owner()) return;
  set_log_level(LogLevel::off);  // a logger that is younger than this hook is gone already
  end_all(RunStatus::killed, kNoLimit, print_problem);
}

// A child of fork() that records too forgets its parent's runs.
void forget_parent() {
  for (Slot& slot : slots) {
    slot.run = nullptr;
    slot.file.store(-1);
  }
  stop_watching();
  signal_pipe.store(-1);
  asked_to_end.store(false);
}

void join_process() {
  static const bool hooked = [] {
    earlier_terminate = std::set_terminate(on_terminate);
    return std::atexit(on_exit_of_process) == 0;
  }();
  static_cast<void>(hooked);
  const std::lock_guard lock(slots_mutex);
  if (is_owner()) return;
  if (owner.load() != 0) forget_parent();
  owner.store(::getpid());
}

}  // namespace

EndRunsOnSignals::EndRunsOnSignals() {
  std::array<int, 2> ends{-1, -1};
  join_process();
  if (watching || !is_owner() || ::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  watches_ = true;
  asked_to_end.store(false);
  signal_pipe.store(ends[1]);
  watching.emplace(Watch{std::thread(watch, ends[0]), ends[0]});
  for (const int number : kRequests) install(number, on_request_to_end);
  for (const int number : kCrashes) install(number, on_crash);
}

EndRunsOnSignals::~EndRunsOnSignals() {
  if (watches_) stop_watching();
}

namespace recorder {

LastWord::LastWord(const std::filesystem::path& file, EndingRun& run) : slot_(kSlots) {
  join_process();
  const std::lock_guard lock(slots_mutex);
  for (std::size_t i = 0; i < kSlots && slot_ == kSlots; ++i) {
    if (slots[i].run == nullptr) slot_ = i;
  }
  if (slot_ == kSlots) return;
  Slot& slot = slots[slot_];
  slot.run = &run;
  slot.file.store(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
}

LastWord::~LastWord() {
  if (slot_ == kSlots) return;
  const std::lock_guard lock(slots_mutex);
  Slot& slot = slots[slot_];
  slot.run = nullptr;
  const int file = slot.file.exchange(-1);
  if (file >= 0) ::close(file);
}

}  // namespace recorder
}  // namespace liquid::tracking
