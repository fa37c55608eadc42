#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/listing.h"
#include "tracking/store.h"

namespace liquid::cli {

/// The history of one metric in one run, shortened to what a comparison tells.
struct MetricSummary {
  double first = 0.0;
  double last = 0.0;
  double best = 0.0;
  std::int64_t best_step = 0;
  std::size_t points = 0;
};

/// Whether a smaller value of the metric is the better one: what is named loss, error, perplexity,
/// time, memory, … and everything whose name says nothing is; accuracy, score, f1, bleu, … are not.
enum class Better { lower, higher };
Better better_direction(std::string_view key);

/// Of points in order of steps. The best is a number if there is one; first and last are as logged,
/// so that a curve that ended in NaN says so.
MetricSummary summary_of(const std::vector<tracking::Metric>& points, Better better);

/// Several runs side by side.
struct Comparison {
  struct MetricRow {
    std::string key;
    Better better = Better::lower;
    std::vector<std::vector<tracking::Metric>> histories;  ///< One for each run; may be empty.
  };
  struct ParamRow {
    std::string key;
    std::vector<std::string> values;  ///< One for each run; "" where the run has none.
  };
  std::vector<tracking::Run> runs;
  std::vector<ParamRow> differing;  ///< Parameters that are not the same in all runs.
  std::size_t same_params = 0;      ///< How many are.
  std::vector<MetricRow> metrics;
};

/// `only_metrics`: those keys; all (system metrics aside) when empty.
Result<Comparison> compare_runs(tracking::Store& store, std::vector<tracking::Run> runs,
                                const std::vector<std::string>& only_metrics);

/// For people: who is who, the parameters, the metrics, a plot of each curve.
std::string comparison_text(const Comparison& comparison, std::size_t columns);
/// Cells of the same as one table: kind, name, then a column per run.
Listing comparison_listing(const Comparison& comparison);

}  // namespace liquid::cli
