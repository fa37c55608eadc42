#include "corpus/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace liquid::corpus {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMaxErrorText = 4096;

Error system_error(std::string_view doing) {
  return Error{ErrorCode::unavailable,
               "cannot " + std::string(doing) + ": " + std::strerror(errno)};
}

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("make a pipe");
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// In memory: the child may seek in it, and nothing is left on disk when we are killed.
Result<Descriptor> make_input(std::string_view bytes) {
  Descriptor file(::memfd_create("liquid-input", MFD_CLOEXEC));
  if (!file.is_open()) return system_error("make a file in memory");
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t written = ::write(file.get(), rest.data(), rest.size());
    if (written < 0 && errno != EINTR) return system_error("write to a file in memory");
    rest.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return system_error("rewind a file in memory");
  return file;
}

/// A running child; killed and reaped when it goes out of scope.
class Child {
 public:
  explicit Child(pid_t process) : process_(process) {}
  ~Child() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// The status as waitpid gives it.
  int wait() {
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return status;
  }

 private:
  pid_t process_;
};

void limit(pid_t process, __rlimit_resource resource, rlim_t value) {
  const rlimit both{value, value};
  ::prlimit(process, resource, &both, nullptr);
}

Result<pid_t> spawn(const std::vector<std::string>& command, const std::array<int, 3>& standard) {
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < 3; ++i) {
    posix_spawn_file_actions_adddup2(&actions, standard[static_cast<std::size_t>(i)], i);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  pid_t process = -1;
  const int code =
      ::posix_spawnp(&process, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (code == ENOENT) return Error{ErrorCode::not_found, command.front() + " is not installed"};
  errno = code;
  if (code != 0) return system_error("start " + command.front());
  return process;
}

/// Reads both pipes until both are closed by the child.
class OutputReader {
 public:
  OutputReader(Descriptor output, Descriptor errors, const ChildLimits& limits)
      : ends_{std::move(output), std::move(errors)},
        deadline_(steady_clock::now() + limits.time),
        limits_(limits) {}

  Result<void> run(ChildResult& result) {
    while (ends_[0].is_open() || ends_[1].is_open()) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline_ - steady_clock::now());
      std::array<pollfd, 2> polled{pollfd{ends_[0].get(), POLLIN, 0},
                                   pollfd{ends_[1].get(), POLLIN, 0}};
      const int ready =
          ::poll(polled.data(), 2, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      if (ready < 0 && errno != EINTR) return system_error("wait for a child process");
      if (ready == 0) {
        return Error{ErrorCode::deadline_exceeded,
                     "took longer than " + std::to_string(limits_.time.count()) + " ms"};
      }
      if (ready < 0) continue;
      if (polled[0].revents != 0) take(ends_[0], result.output);
      if (polled[1].revents != 0) take(ends_[1], result.error_text);
      if (result.output.size() > limits_.output_bytes) {
        return Error{ErrorCode::resource_exhausted,
                     "holds more than " + std::to_string(limits_.output_bytes) + " bytes of text"};
      }
      result.error_text.resize(std::min(result.error_text.size(), kMaxErrorText));
    }
    return {};
  }

 private:
  static void take(Descriptor& end, std::string& text) {
    std::array<char, 1 << 16> buffer;
    const ssize_t count = ::read(end.get(), buffer.data(), buffer.size());
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) end.close();
  }

  std::array<Descriptor, 2> ends_;
  const steady_clock::time_point deadline_;
  const ChildLimits& limits_;
};

}  // namespace

Result<ChildResult> run_child(const std::vector<std::string>& command, std::string_view input,
                              const ChildLimits& limits) {
  Result<Descriptor> file = make_input(input);
  if (!file) return std::move(file).error();
  Result<Pipe> output = make_pipe();
  if (!output) return std::move(output).error();
  Result<Pipe> errors = make_pipe();
  if (!errors) return std::move(errors).error();
  const Result<pid_t> process =
      spawn(command, {file->get(), output->write_end.get(), errors->write_end.get()});
  if (!process) return process.error();
  Child child(*process);
  // Set from outside, a moment after the start: posix_spawn has no way to do it before.
  limit(*process, RLIMIT_AS, limits.memory_bytes);
  limit(*process, RLIMIT_CPU, static_cast<rlim_t>(limits.time.count() / 1000 + 1));
  output->write_end.close();
  errors->write_end.close();
  ChildResult result;
  OutputReader reader(std::move(output->read_end), std::move(errors->read_end), limits);
  if (Result<void> read = reader.run(result); !read) return std::move(read).error();
  const int status = child.wait();
  if (WIFSIGNALED(status)) {
    return Error{ErrorCode::unavailable,
                 command.front() + " was ended by signal " + std::to_string(WTERMSIG(status))};
  }
  result.exit_status = WEXITSTATUS(status);
  return result;
}

}  // namespace liquid::corpus
