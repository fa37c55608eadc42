#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "metrics/registry.h"

namespace liquid::metrics {

/// Writes the Prometheus text exposition format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
class PrometheusText {
 public:
  /// The HELP and TYPE lines of a family.
  void head(std::string_view name, std::string_view help, std::string_view type);
  /// `labels` as `render_labels` gives them.
  void sample(std::string_view name, std::string_view labels, double value);
  void sample(std::string_view name, std::string_view labels, std::uint64_t value);
  /// The cumulative buckets up to +Inf, the sum and the count.
  void histogram(std::string_view name, std::string_view labels,
                 const Histogram::Snapshot& snapshot);
  std::string take() && { return std::move(text_); }

 private:
  void name_and_labels(std::string_view name, std::string_view labels);

  std::string text_;
};

/// `route="/ask",status="200"`: backslash, quote and line feed escaped in values.
std::string render_labels(const Labels& labels);

/// [a-zA-Z_:][a-zA-Z0-9_:]*
bool is_metric_name(std::string_view name);

/// The shortest decimal form that reads back as the same double; +Inf, -Inf, NaN.
std::string format_value(double value);

}  // namespace liquid::metrics
