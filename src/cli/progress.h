#pragma once

#include <cstdio>
#include <memory>

#include "base/clock.h"
#include "ingest/ingest.h"

namespace liquid::cli {

/// Shows how `index add` gets on: a bar with rate and time left on a terminal, otherwise a plain
/// line after each commit (about one a second). Failures are told as they come. Writes to `stream`,
/// which like the clock is borrowed.
std::unique_ptr<ingest::Observer> make_progress(std::FILE* stream, const Clock& clock);

/// Shows failures only.
std::unique_ptr<ingest::Observer> make_quiet_progress(std::FILE* stream);

/// The state of the work as one line of at most `columns` characters.
struct ProgressState {
  std::uint64_t total_files = 0;
  std::uint64_t total_bytes = 0;  ///< 0: unknown (standard input).
  double seconds = 0.0;           ///< Since the start.
};
std::string progress_bar(const ingest::Summary& so_far, const ProgressState& state,
                         std::size_t columns);
std::string progress_line(const ingest::Summary& so_far, const ProgressState& state);

}  // namespace liquid::cli
