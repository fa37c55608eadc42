#include "cli/transfer_view.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>

#include "cli/terminal.h"

namespace liquid::cli {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
constexpr auto kBetweenLines = std::chrono::milliseconds(100);

struct Line {
  SteadyTime begun = std::chrono::steady_clock::now();
  SteadyTime shown{};
};

void show(Line& line, std::uint64_t done, std::uint64_t total) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (done < total && now - line.shown < kBetweenLines) return;
  line.shown = now;
  const double seconds = std::chrono::duration<double>(now - line.begun).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0.0;
  const double percent =
      total > 0 ? 100.0 * static_cast<double>(done) / static_cast<double>(total) : 100.0;
  std::fprintf(stderr, "%s",
               fmt::format("\r\033[K{:3.0f} %  {} of {}  {}/s", percent,
                           readable_bytes(static_cast<double>(done)),
                           readable_bytes(static_cast<double>(total)), readable_bytes(rate))
                   .c_str());
}

}  // namespace

tracking::TransferProgress transfer_progress() {
  if (::isatty(STDERR_FILENO) == 0) return {};
  return [line = std::make_shared<Line>()](std::uint64_t done, std::uint64_t total) {
    show(*line, done, total);
  };
}

void end_transfer_progress() {
  if (::isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\033[K");
}

}  // namespace liquid::cli
