#include "cli/index_add.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>

#include "api/json_writer.h"
#include "cli/exit_status.h"
#include "cli/progress.h"
#include "cli/standard_input.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"

namespace liquid::cli {
namespace {

constexpr int kInterrupted = 130;
constexpr unsigned kMostReaders = 8;

// Ctrl-C finishes the current document; a second one does not wait for it. What is committed stays
// either way.
void stop_on_signals(StopSignals& signals, std::stop_source& stop) {
  signals.listen([&stop](int count) {
    if (count > 1) std::_Exit(kInterrupted);
    stop.request_stop();
  });
}

Result<std::unique_ptr<search::ChunkIndex>> open_index(const IndexAdd& add) {
  search::Settings settings;
  if (!add.language.empty()) settings.language = add.language;
  auto index = search::ChunkIndex::open(add.index, search::OpenMode::create, settings);
  if (!index) return index;
  const std::string& language = (*index)->settings().language;
  if (add.language.empty() || add.language == language) return index;
  return Error{ErrorCode::conflict, add.index + ": made for language " + language + ", not for " +
                                        add.language + "; use another folder"};
}

std::string as_json(const ingest::Summary& summary, const Digest& epoch) {
  const auto integer = [](std::uint64_t number) { return static_cast<std::int64_t>(number); };
  api::JsonWriter json;
  json.begin_object();
  json.key("added").integer(integer(summary.added));
  json.key("replaced").integer(integer(summary.replaced));
  json.key("unchanged").integer(integer(summary.unchanged));
  json.key("removed").integer(integer(summary.removed));
  json.key("failed").integer(integer(summary.failures.size()));
  json.key("failures").begin_array();
  for (const ingest::Failure& failure : summary.failures) {
    json.begin_object();
    json.key("path").string(failure.path);
    json.key("code").string(error_code_name(failure.code));
    json.key("reason").string(failure.reason);
    json.end_object();
  }
  json.end_array();
  json.key("ignored").integer(integer(summary.ignored));
  json.key("files").integer(integer(summary.files));
  json.key("chunks").integer(integer(summary.chunks));
  json.key("bytes").integer(integer(summary.bytes));
  json.key("seconds").number(summary.seconds);
  json.key("stopped").boolean(summary.stopped);
  json.key("epoch").string(epoch.hex());
  json.end_object();
  return std::move(json).take() + "\n";
}

std::string as_text(const ingest::Summary& summary) {
  const std::uint64_t documents = summary.added + summary.replaced + summary.unchanged;
  const double rate = static_cast<double>(documents) / std::max(summary.seconds, 1e-3);
  std::string text = fmt::format(
      "{}{} added, {} replaced, {} unchanged, {} removed, {} skipped\n"
      "{} chunks, {} read in {} ({:.0f} documents/s)\n",
      summary.stopped ? "Stopped: " : "", summary.added, summary.replaced, summary.unchanged,
      summary.removed, summary.failures.size(), summary.chunks,
      readable_bytes(static_cast<double>(summary.bytes)), readable_seconds(summary.seconds), rate);
  if (summary.ignored > 0) {
    text +=
        fmt::format("{} other files left out (ending, --include, --exclude)\n", summary.ignored);
  }
  return text;
}

// Nothing of what was named exists: most likely a slip of the finger, not a file that went bad.
bool found_nothing(const ingest::Sources& sources, const ingest::Summary& summary) {
  return sources.files.empty() && !summary.failures.empty() && summary.removed == 0;
}

}  // namespace

int run_index_add(IndexAdd add) {
  add.options.vanished = add.prune ? ingest::Vanished::prune : ingest::Vanished::keep;
  add.options.readers = std::clamp(std::thread::hardware_concurrency(), 1u, kMostReaders);
  if (const Result<void> valid = corpus::validate(add.options.chunks); !valid) {
    return bad_usage(valid.error());
  }
  std::stop_source stop;
  StopSignals signals;
  stop_on_signals(signals, stop);
  const auto index = open_index(add);
  if (!index) return failure(index.error());
  const SystemClock clock;
  const ingest::Sources sources = ingest::find_sources(add.selection);
  std::unique_ptr<ingest::Observer> progress =
      add.quiet || add.json ? make_quiet_progress(stderr) : make_progress(stderr, clock);
  StandardInput standard_input(stop.get_token());
  const ingest::Job job{sources, &standard_input, *progress, clock, stop.get_token()};
  const Result<ingest::Summary> summary = ingest::add_documents(**index, job, add.options);
  progress.reset();
  if (!summary) return failure(summary.error());
  if (add.json) fmt::print("{}", as_json(*summary, (*index)->epoch()));
  if (!add.json && !add.quiet) fmt::print("{}", as_text(*summary));
  if (summary->stopped) return kInterrupted;
  const bool strictly_failed = add.strict && !summary->failures.empty();
  return strictly_failed || found_nothing(sources, *summary) ? kFailure : kSuccess;
}

}  // namespace liquid::cli
