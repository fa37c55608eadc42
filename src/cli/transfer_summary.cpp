#include "cli/transfer_summary.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include "api/json_writer.h"
#include "cli/terminal.h"

namespace liquid::cli {
namespace {

using tracking::TransferOutcome;
using tracking::TransferSummary;

constexpr auto kBetweenLines = std::chrono::milliseconds(100);

const char* word_of(TransferOutcome outcome) {
  switch (outcome) {
    case TransferOutcome::copied: return "copied";
    case TransferOutcome::continued: return "continued";
    case TransferOutcome::unchanged: return "unchanged";
    case TransferOutcome::skipped: return "skipped";
  }
  return "";
}

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string runs_table(const TransferSummary& summary, std::optional<std::size_t> columns) {
  std::vector<std::vector<std::string>> rows;
  for (const tracking::TransferredRun& run : summary.runs) {
    std::string outcome = word_of(run.outcome);
    if (!run.note.empty()) outcome += ": " + run.note;
    rows.push_back({run.from.str(), run.to.str(), run.name, outcome});
  }
  return rows.empty() ? "" : table({{"RUN"}, {"COPY"}, {"NAME"}, {"OUTCOME"}}, rows, columns);
}

std::size_t runs_that(const TransferSummary& summary, TransferOutcome outcome) {
  return static_cast<std::size_t>(
      std::count_if(summary.runs.begin(), summary.runs.end(),
                    [outcome](const auto& run) { return run.outcome == outcome; }));
}

std::string counts_line(const TransferSummary& summary) {
  std::string line = fmt::format("experiment '{}': {}", summary.experiment_name,
                                 counted(summary.runs.size(), "run", "runs"));
  const char* before = " (";
  for (const TransferOutcome outcome : {TransferOutcome::copied, TransferOutcome::continued,
                                        TransferOutcome::unchanged, TransferOutcome::skipped}) {
    const std::size_t count = runs_that(summary, outcome);
    if (count == 0) continue;
    line += fmt::format("{}{} {}", before, count, word_of(outcome));
    before = ", ";
  }
  if (!summary.runs.empty()) line += ")";
  line += fmt::format(", {}, {} of {}", counted(summary.points, "point", "points"),
                      counted(summary.files, "file", "files"),
                      readable_bytes(static_cast<double>(summary.bytes)));
  if (summary.models > 0) line += ", " + counted(summary.models, "model", "models");
  if (summary.versions > 0) line += ", " + counted(summary.versions, "version", "versions");
  return line + "\n";
}

void write(api::JsonWriter& json, const TransferSummary& summary) {
  const auto count = [&json](const char* key, std::uint64_t value) {
    json.key(key).integer(static_cast<std::int64_t>(value));
  };
  json.begin_object();
  json.key("experiment_name").string(summary.experiment_name);
  json.key("experiment_id").string(summary.experiment_id.str());
  json.key("runs").begin_array();
  for (const tracking::TransferredRun& run : summary.runs) {
    json.begin_object().key("from").string(run.from.str()).key("to").string(run.to.str());
    json.key("name").string(run.name).key("outcome").string(word_of(run.outcome));
    if (!run.note.empty()) json.key("note").string(run.note);
    json.end_object();
  }
  json.end_array();
  count("points", summary.points);
  count("files", summary.files);
  count("bytes", summary.bytes);
  count("models", summary.models);
  count("versions", summary.versions);
  json.end_object();
}

void show(const tracking::TransferState& state) {
  std::fprintf(stderr, "%s",
               fmt::format("\r\033[Krun {} of {}  {} points, {} files, {}",
                           std::min(state.runs_done + 1, state.runs_total), state.runs_total,
                           state.so_far.points, state.so_far.files,
                           readable_bytes(static_cast<double>(state.so_far.bytes)))
                   .c_str());
}

}  // namespace

std::string summaries_text(const std::vector<TransferSummary>& summaries,
                           std::optional<std::size_t> columns) {
  std::string text;
  for (const TransferSummary& summary : summaries) {
    if (!text.empty()) text += "\n";
    text += runs_table(summary, columns) + counts_line(summary);
  }
  return text;
}

std::string summaries_json(const std::vector<TransferSummary>& summaries) {
  api::JsonWriter json;
  json.begin_object().key("experiments").begin_array();
  for (const TransferSummary& summary : summaries) write(json, summary);
  json.end_array().end_object();
  return std::move(json).take();
}

tracking::TransferObserver transfer_observer() {
  if (::isatty(STDERR_FILENO) == 0) return {};
  using SteadyTime = std::chrono::steady_clock::time_point;
  return [last = std::make_shared<SteadyTime>()](const tracking::TransferState& state) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now - *last < kBetweenLines) return;
    *last = now;
    show(state);
  };
}

void end_transfer_observer() {
  if (::isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\033[K");
}

}  // namespace liquid::cli
