#include "metrics/prometheus_text.h"

#include <cassert>
#include <charconv>
#include <cmath>

namespace liquid::metrics {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}

enum class Quotes { escaped, plain };

void append_escaped(std::string& out, std::string_view text, Quotes quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes == Quotes::escaped) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

}  // namespace

bool is_metric_name(std::string_view name) {
  if (name.empty() || !is_letter(name.front())) return false;
  for (const char c : name) {
    if (!is_letter(c) && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

std::string format_value(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  return std::string(buffer, end);
}

std::string render_labels(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    assert(is_metric_name(name) && name.find(':') == std::string::npos);
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"";
    append_escaped(text, value, Quotes::escaped);
    text += '"';
  }
  return text;
}

void PrometheusText::head(std::string_view name, std::string_view help, std::string_view type) {
  text_.append("# HELP ").append(name).append(" ");
  append_escaped(text_, help, Quotes::plain);
  text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void PrometheusText::name_and_labels(std::string_view name, std::string_view labels) {
  text_.append(name);
  if (!labels.empty()) text_.append("{").append(labels).append("}");
  text_ += ' ';
}

void PrometheusText::sample(std::string_view name, std::string_view labels, double value) {
  name_and_labels(name, labels);
  text_.append(format_value(value)).append("\n");
}

void PrometheusText::sample(std::string_view name, std::string_view labels, std::uint64_t value) {
  name_and_labels(name, labels);
  text_.append(std::to_string(value)).append("\n");
}

void PrometheusText::histogram(std::string_view name, std::string_view labels,
                               const Histogram::Snapshot& snapshot) {
  const std::string prefix(name);
  const std::string before = labels.empty() ? std::string() : std::string(labels) + ",";
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < snapshot.bounds.size(); ++i) {
    cumulative += snapshot.counts[i];
    sample(prefix + "_bucket", before + "le=\"" + format_value(snapshot.bounds[i]) + "\"",
           cumulative);
  }
  sample(prefix + "_bucket", before + "le=\"+Inf\"", snapshot.count);
  sample(prefix + "_sum", labels, snapshot.sum);
  sample(prefix + "_count", labels, snapshot.count);
}

}  // namespace liquid::metrics
