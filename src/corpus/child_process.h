#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace liquid::corpus {

struct ChildLimits {
  std::chrono::milliseconds time{60'000};
  std::uint64_t memory_bytes = 1ull << 30;
  std::uint64_t output_bytes = 64ull << 20;
};

struct ChildResult {
  int exit_status = 0;
  std::string output;
  std::string error_text;  ///< The first 4 KiB of its standard error.
};

/// Runs a program (looked up in PATH) to its end with `input` as a seekable standard input. It gets
/// its own process group, so that Ctrl-C does not reach it. Any exit status is a success here.
/// Errors: not_found (no such program), deadline_exceeded and resource_exhausted (limits of time
/// and output; the child is killed), unavailable (killed by a signal, or the system refused).
Result<ChildResult> run_child(const std::vector<std::string>& command, std::string_view input,
                              const ChildLimits& limits);

}  // namespace liquid::corpus
