#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace liquid::tracking::recorder {

/// One process, told from every other that had or will have its number: a pid only means something
/// within one boot of one host and one pid namespace, and comes back later.
struct ProcessIdentity {
  std::string host;
  std::string boot;       ///< Of the kernel: changes with every start of the machine.
  std::string pid_space;  ///< The pid namespace, which a container has of its own.
  std::int64_t pid = 0;
  std::uint64_t started = 0;  ///< Clock ticks between boot and the process's start.
  bool operator==(const ProcessIdentity&) const = default;
};

ProcessIdentity this_process();

enum class Liveness { alive, gone, unknown };
/// Unknown when the process belongs to another host, boot or pid namespace than the caller.
Liveness liveness_of(const ProcessIdentity& process);

/// Field 22 of /proc/<pid>/stat; 0 when the text has none. The second field may hold any character,
/// so fields are counted from its last ')'.
std::uint64_t start_ticks(std::string_view stat_text);

}  // namespace liquid::tracking::recorder
