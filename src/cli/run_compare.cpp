#include "cli/run_compare.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "api/json_writer.h"
#include "cli/run_views.h"
#include "cli/text_plot.h"
#include "cli/tracking_views.h"
#include "tracking/names.h"

namespace liquid::cli {
namespace {

using tracking::Metric;
using tracking::Run;

constexpr std::string_view kMarks = "ox+*#@%&=~";
constexpr std::size_t kMaxPlots = 6;
constexpr std::size_t kLeadColumns = 30;  // for names in front of the runs
constexpr std::size_t kRunColumns = 12;   // for a number and the gap before it
constexpr std::array<std::string_view, 12> kHigherIsBetter = {
    "acc",  "score", "f1",  "bleu",      "rouge",  "auc",
    "ndcg", "mrr",   "map", "precision", "recall", "per_second"};

char mark_of(std::size_t run) { return kMarks[run % kMarks.size()]; }

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::vector<Comparison::ParamRow> all_params(const std::vector<Run>& runs) {
  std::map<std::string, Comparison::ParamRow> rows;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const tracking::Param& param : runs[i].params) {
      Comparison::ParamRow& row = rows[param.key];
      row.key = param.key;
      row.values.resize(runs.size());
      row.values[i] = param.value;
    }
  }
  std::vector<Comparison::ParamRow> list;
  for (auto& [key, row] : rows) list.push_back(std::move(row));
  return list;
}

bool same_everywhere(const Comparison::ParamRow& row) {
  return std::all_of(row.values.begin(), row.values.end(),
                     [&row](const std::string& value) { return value == row.values.front(); });
}

std::set<std::string> metric_keys(const std::vector<Run>& runs,
                                  const std::vector<std::string>& only) {
  if (!only.empty()) return {only.begin(), only.end()};
  std::set<std::string> keys;
  for (const Run& run : runs) {
    for (const Metric& metric : run.metrics) {
      if (!metric.key.starts_with("system/")) keys.insert(metric.key);
    }
  }
  return keys;
}

Result<std::vector<Metric>> whole_history(tracking::Store& store, const Run& run,
                                          const std::string& key) {
  auto page = store.runs().metric_history({run.info.id, key, std::nullopt, {}});
  if (!page) return std::move(page).error();
  std::stable_sort(page->items.begin(), page->items.end(),
                   [](const Metric& a, const Metric& b) { return a.step < b.step; });
  return std::move(page->items);
}

Result<Comparison::MetricRow> metric_row(tracking::Store& store, const std::vector<Run>& runs,
                                         const std::string& key) {
  Comparison::MetricRow row{key, better_direction(key), {}};
  for (const Run& run : runs) {
    auto history = whole_history(store, run, key);
    if (!history) return std::move(history).error();
    row.histories.push_back(std::move(*history));
  }
  return row;
}

std::string run_column(std::size_t run) { return std::string(1, mark_of(run)); }

std::ptrdiff_t signed_size(std::size_t size) { return static_cast<std::ptrdiff_t>(size); }

// Many runs stand in several tables below each other, each with the first `lead` columns.
std::string in_blocks(const std::vector<Column>& head,
                      const std::vector<std::vector<std::string>>& rows, std::size_t lead,
                      std::size_t columns) {
  const std::size_t for_runs = columns > kLeadColumns ? columns - kLeadColumns : 0;
  const std::size_t at_once = std::max<std::size_t>(2, for_runs / kRunColumns);
  std::string text;
  for (std::size_t from = lead; from < head.size(); from += at_once) {
    const std::size_t to = std::min(head.size(), from + at_once);
    const auto part = [&](const auto& cells) {
      std::decay_t<decltype(cells)> chosen(cells.begin(), cells.begin() + signed_size(lead));
      chosen.insert(chosen.end(), cells.begin() + signed_size(from),
                    cells.begin() + signed_size(to));
      return chosen;
    };
    std::vector<std::vector<std::string>> block;
    for (const auto& row : rows) block.push_back(part(row));
    text += "\n" + table(part(head), block, columns);
  }
  return text;
}

std::string params_text(const Comparison& comparison, std::size_t columns) {
  if (comparison.differing.empty()) {
    return "\nThe parameters are the same (" + std::to_string(comparison.same_params) + ").\n";
  }
  std::vector<Column> head = {{"PARAMETER"}};
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) head.push_back({run_column(i)});
  std::vector<std::vector<std::string>> rows;
  for (const Comparison::ParamRow& param : comparison.differing) {
    std::vector<std::string> row = {param.key};
    for (const std::string& value : param.values) row.push_back(value.empty() ? "-" : value);
    rows.push_back(std::move(row));
  }
  return in_blocks(head, rows, 1, columns) + std::to_string(comparison.same_params) +
         " more are the same.\n";
}

// Three lines for each metric: last, best and its step.
void add_metric_rows(const Comparison::MetricRow& metric,
                     std::vector<std::vector<std::string>>& rows) {
  std::vector<std::string> last = {metric.key, "last"};
  std::vector<std::string> best = {"", metric.better == Better::lower ? "lowest" : "highest"};
  std::vector<std::string> step = {"", "at step"};
  bool curve = false;
  for (const auto& history : metric.histories) {
    const MetricSummary summary = summary_of(history, metric.better);
    curve = curve || summary.points > 1;
    last.push_back(summary.points == 0 ? "-" : readable_number(summary.last));
    best.push_back(summary.points == 0 ? "-" : readable_number(summary.best));
    step.push_back(summary.points == 0 ? "-" : std::to_string(summary.best_step));
  }
  rows.push_back(std::move(last));
  if (!curve) return;
  rows.push_back(std::move(best));
  rows.push_back(std::move(step));
}

std::string metrics_text(const Comparison& comparison, std::size_t columns) {
  std::vector<Column> head = {{"METRIC"}, {""}};
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    head.push_back({run_column(i), Align::right});
  }
  std::vector<std::vector<std::string>> rows;
  for (const Comparison::MetricRow& metric : comparison.metrics) add_metric_rows(metric, rows);
  return rows.empty() ? "" : in_blocks(head, rows, 2, columns);
}

std::string plot_of(const Comparison::MetricRow& metric, std::size_t columns) {
  std::vector<Curve> curves;
  std::size_t longest = 0;
  for (std::size_t i = 0; i < metric.histories.size(); ++i) {
    Curve curve{mark_of(i), {}};
    for (const Metric& point : metric.histories[i]) {
      curve.points.emplace_back(static_cast<double>(point.step), point.value);
    }
    longest = std::max(longest, curve.points.size());
    curves.push_back(std::move(curve));
  }
  if (longest < 2) return {};
  const std::string drawing = text_plot(curves, {std::min<std::size_t>(columns, 100), 10});
  return drawing.empty() ? "" : "\n" + metric.key + " by step\n" + drawing;
}

std::string legend(const Comparison& comparison, std::size_t columns) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    const tracking::RunInfo& info = comparison.runs[i].info;
    rows.push_back({run_column(i), info.name, info.id.str(),
                    std::string(tracking::run_status_name(info.status)),
                    duration_of(info, unix_milliseconds())});
  }
  return table({{""}, {"NAME"}, {"RUN"}, {"STATUS"}, {"TOOK", Align::right}}, rows, columns);
}

void write_summary(api::JsonWriter& json, const std::vector<Metric>& history, Better better) {
  const MetricSummary summary = summary_of(history, better);
  if (summary.points == 0) {
    json.null();
    return;
  }
  json.begin_object().key("first").number(summary.first).key("last").number(summary.last);
  json.key("best").number(summary.best).key("best_step").integer(summary.best_step);
  json.key("points").integer(static_cast<std::int64_t>(summary.points)).end_object();
}

void write_metric(api::JsonWriter& json, const Comparison& comparison,
                  const Comparison::MetricRow& metric) {
  json.key(metric.key).begin_object();
  json.key("better").string(metric.better == Better::lower ? "lower" : "higher");
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    json.key(comparison.runs[i].info.id.str());
    write_summary(json, metric.histories[i], metric.better);
  }
  json.end_object();
}

void write_param(api::JsonWriter& json, const Comparison& comparison,
                 const Comparison::ParamRow& param) {
  json.key(param.key).begin_object();
  for (std::size_t i = 0; i < comparison.runs.size(); ++i) {
    json.key(comparison.runs[i].info.id.str()).string(param.values[i]);
  }
  json.end_object();
}

std::string comparison_json(const Comparison& comparison) {
  api::JsonWriter json;
  json.begin_object().key("runs").begin_array();
  for (const Run& run : comparison.runs) {
    json.begin_object().key("run_id").string(run.info.id.str());
    json.key("run_name").string(run.info.name);
    json.key("status").string(tracking::run_status_name(run.info.status)).end_object();
  }
  json.end_array().key("differing_params").begin_object();
  for (const Comparison::ParamRow& param : comparison.differing) {
    write_param(json, comparison, param);
  }
  json.end_object().key("metrics").begin_object();
  for (const Comparison::MetricRow& metric : comparison.metrics) {
    write_metric(json, comparison, metric);
  }
  json.end_object().end_object();
  return std::move(json).take();
}

bool is_better(double value, double best, Better better) {
  return better == Better::lower ? value < best : value > best;
}

}  // namespace

Better better_direction(std::string_view key) {
  const std::string lower = lower_case(key);
  const bool higher = std::any_of(
      kHigherIsBetter.begin(), kHigherIsBetter.end(),
      [&lower](std::string_view word) { return lower.find(word) != std::string::npos; });
  return higher && lower.find("loss") == std::string::npos ? Better::higher : Better::lower;
}

MetricSummary summary_of(const std::vector<Metric>& points, Better better) {
  MetricSummary summary;
  summary.points = points.size();
  if (points.empty()) return summary;
  summary.first = points.front().value;
  summary.last = points.back().value;
  summary.best = points.front().value;
  summary.best_step = points.front().step;
  for (const Metric& point : points) {
    const bool first_number = std::isnan(summary.best) && !std::isnan(point.value);
    if (first_number || is_better(point.value, summary.best, better)) {
      summary.best = point.value;
      summary.best_step = point.step;
    }
  }
  return summary;
}

Result<Comparison> compare_runs(tracking::Store& store, std::vector<Run> runs,
                                const std::vector<std::string>& only_metrics) {
  Comparison comparison;
  for (Comparison::ParamRow& row : all_params(runs)) {
    if (same_everywhere(row)) {
      ++comparison.same_params;
    } else {
      comparison.differing.push_back(std::move(row));
    }
  }
  for (const std::string& key : metric_keys(runs, only_metrics)) {
    auto row = metric_row(store, runs, key);
    if (!row) return std::move(row).error();
    comparison.metrics.push_back(std::move(*row));
  }
  comparison.runs = std::move(runs);
  return comparison;
}

std::string comparison_text(const Comparison& comparison, std::size_t columns) {
  std::string text = legend(comparison, columns) + params_text(comparison, columns) +
                     metrics_text(comparison, columns);
  std::size_t plots = 0;
  for (const Comparison::MetricRow& metric : comparison.metrics) {
    const std::string plot = plots < kMaxPlots ? plot_of(metric, columns) : "";
    plots += plot.empty() ? 0 : 1;
    text += plot;
  }
  if (plots == kMaxPlots) text += "\nMore curves: --metric KEY\n";
  return text;
}

Listing comparison_listing(const Comparison& comparison) {
  Listing listing;
  listing.head = {{"kind"}, {"name"}};
  for (const Run& run : comparison.runs) listing.head.push_back({run.info.id.str()});
  for (const Comparison::ParamRow& param : comparison.differing) {
    std::vector<std::string> row = {"param", param.key};
    row.insert(row.end(), param.values.begin(), param.values.end());
    listing.rows.push_back(std::move(row));
  }
  for (const Comparison::MetricRow& metric : comparison.metrics) {
    std::vector<std::string> last = {"last", metric.key};
    std::vector<std::string> best = {"best", metric.key};
    for (const auto& history : metric.histories) {
      const MetricSummary summary = summary_of(history, metric.better);
      last.push_back(summary.points == 0 ? "" : number_text(summary.last, Digits::exact));
      best.push_back(summary.points == 0 ? "" : number_text(summary.best, Digits::exact));
    }
    listing.rows.push_back(std::move(last));
    listing.rows.push_back(std::move(best));
  }
  listing.json = comparison_json(comparison);
  return listing;
}

}  // namespace liquid::cli
