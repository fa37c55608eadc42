#include "tracking/recorder/process_identity.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/file.h"

namespace liquid::tracking::recorder {
namespace {

std::string first_line(const std::string& path) {
  Result<std::string> text = read_file(path);
  if (!text) return {};
  return text->substr(0, text->find('\n'));
}

std::string pid_space() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/ns/pid", ignored).string();
}

std::uint64_t started(std::int64_t pid) {
  const Result<std::string> text = read_file("/proc/" + std::to_string(pid) + "/stat");
  return text ? start_ticks(*text) : 0;
}

}  // namespace

std::uint64_t start_ticks(std::string_view stat_text) {
  const std::size_t name_end = stat_text.rfind(')');
  if (name_end == std::string_view::npos) return 0;
  std::string_view rest = stat_text.substr(name_end + 1);
  for (int field = 2; field < 22; ++field) {
    const std::size_t blank = rest.find(' ');
    if (blank == std::string_view::npos) return 0;
    rest.remove_prefix(blank + 1);
  }
  std::uint64_t ticks = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), ticks);
  return ticks;
}

ProcessIdentity this_process() {
  ProcessIdentity self;
  utsname names{};
  if (::uname(&names) == 0) self.host = names.nodename;
  self.boot = first_line("/proc/sys/kernel/random/boot_id");
  self.pid_space = pid_space();
  self.pid = ::getpid();
  self.started = started(self.pid);
  return self;
}

Liveness liveness_of(const ProcessIdentity& process) {
  const ProcessIdentity self = this_process();
  if (process.host != self.host || process.boot != self.boot ||
      process.pid_space != self.pid_space) {
    return Liveness::unknown;
  }
  return started(process.pid) == process.started ? Liveness::alive : Liveness::gone;
}

}  // namespace liquid::tracking::recorder
