#include "tracking/sqlite/metric_history.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>

#include "tracking/page_token.h"
#include "tracking/sqlite/run_rows.h"

namespace liquid::tracking::sqlite {
namespace {

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

bool same_point(const Metric& a, const Metric& b) {
  const bool both_nan = a.value != a.value && b.value != b.value;
  return a.step == b.step && a.timestamp_ms == b.timestamp_ms && (both_nan || a.value == b.value);
}

// SQL's NTILE: `buckets` parts whose sizes differ by one at most, the larger ones first; the first
// point of each, and the last point of all.
std::vector<Metric> sampled(std::vector<Metric> points, std::size_t buckets) {
  if (points.size() <= buckets) return points;
  const std::size_t size = points.size() / buckets;
  const std::size_t larger = points.size() % buckets;
  std::vector<Metric> sample;
  std::size_t at = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    sample.push_back(points[at]);
    at += size + (i < larger ? 1 : 0);
  }
  if (!same_point(sample.back(), points.back())) sample.back() = points.back();
  return sample;
}

Result<std::vector<Metric>> read_steps(Connection& connection, const RunId& run,
                                       const SampledHistoryQuery& query) {
  std::vector<Metric> points;
  Result<void> read = connection.each(
      "SELECT value, timestamp, step, is_nan FROM metrics WHERE run_uuid=?1 AND key=?2 "
      "AND step BETWEEN ?3 AND ?4 ORDER BY step, timestamp, value, is_nan",
      [&](const Query& row) {
        points.push_back(metric_of(row, 0, query.key));
        points.back().run_id = run;
      },
      run.str(), query.key, query.start_step.value_or(std::numeric_limits<std::int64_t>::min()),
      query.end_step.value_or(kAll));
  if (!read) return std::move(read).error();
  return points;
}

// NaN is stored as 0 and sorts as that.
bool is_before(const Metric& a, const Metric& b) {
  const double a_value = std::isnan(a.value) ? 0.0 : a.value;
  const double b_value = std::isnan(b.value) ? 0.0 : b.value;
  return std::tie(a.timestamp_ms, a.step, a_value) < std::tie(b.timestamp_ms, b.step, b_value);
}

// In the order of the index, by step, which nearly always is the order of time too: looking costs
// less than having SQLite sort.
Result<Page<Metric>> read_whole(Connection& connection, const HistoryQuery& query) {
  Page<Metric> page;
  Result<void> read = connection.each(
      "SELECT value, timestamp, step, is_nan FROM metrics "
      "INDEXED BY index_metrics_run_uuid_key_step WHERE run_uuid=?1 AND key=?2",
      [&](const Query& row) { page.items.push_back(metric_of(row, 0, query.key)); },
      query.run_id.str(), query.key);
  if (!read) return std::move(read).error();
  if (!std::is_sorted(page.items.begin(), page.items.end(), is_before)) {
    std::sort(page.items.begin(), page.items.end(), is_before);
  }
  return page;
}

}  // namespace

Result<Page<Metric>> read_history(Connection& connection, const HistoryQuery& query) {
  if (!query.max_results && query.page_token.empty()) return read_whole(connection, query);
  const Result<std::int64_t> offset = offset_of_token(query.page_token);
  if (!offset) return offset.error();
  const std::int64_t wanted = query.max_results.value_or(kAll);
  Page<Metric> page;
  // Left alone, SQLite takes the primary key, which begins with the metric's name, and looks
  // through the points of all runs.
  Result<void> read = connection.each(
      "SELECT value, timestamp, step, is_nan FROM metrics "
      "INDEXED BY index_metrics_run_uuid_key_step WHERE run_uuid=?1 AND key=?2 "
      "ORDER BY timestamp, step, value LIMIT ?3 OFFSET ?4",
      [&](const Query& row) { page.items.push_back(metric_of(row, 0, query.key)); },
      query.run_id.str(), query.key, wanted == kAll ? kAll : wanted + 1, *offset);
  if (!read) return std::move(read).error();
  if (std::ssize(page.items) > wanted) {
    page.items.pop_back();
    page.next_page_token = token_of_offset(*offset + wanted);
  }
  return page;
}

Result<std::vector<Metric>> read_sampled_history(Connection& connection,
                                                 const SampledHistoryQuery& query) {
  if (query.start_step.has_value() != query.end_step.has_value()) {
    return Error{ErrorCode::invalid_argument,
                 "Both start_step and end_step must be specified together, or neither may be "
                 "specified."};
  }
  const auto buckets = static_cast<std::size_t>(std::max<std::int64_t>(query.max_points, 1));
  std::vector<Metric> all;
  for (const RunId& run : query.run_ids) {
    auto points = read_steps(connection, run, query);
    if (!points) return points;
    auto sample = sampled(std::move(*points), buckets);
    std::move(sample.begin(), sample.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace liquid::tracking::sqlite
