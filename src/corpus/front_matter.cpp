#include "corpus/front_matter.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace liquid::corpus {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

bool is_rule(std::string_view line) { return trimmed(line) == "---" && line.starts_with("---"); }

// Nothing for lists, maps, block scalars, anchors: those are no simple values.
std::optional<std::string_view> scalar(std::string_view value) {
  value = trimmed(value);
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'')) {
    const std::size_t end = value.find(value.front(), 1);
    if (end == std::string_view::npos) return std::nullopt;
    return value.substr(1, end - 1);
  }
  if (value.empty() || std::string_view("[{|>&*!%@`").find(value.front()) != value.npos) {
    return std::nullopt;
  }
  return trimmed(value.substr(0, value.find(" #")));
}

enum class LineKind { key, continuation, other };

LineKind kind_of(std::string_view line) {
  if (trimmed(line).empty() || line.front() == ' ' || line.front() == '\t' || line.front() == '#' ||
      line.starts_with("- ")) {
    return LineKind::continuation;
  }
  const std::size_t colon = line.find(':');
  const std::string_view key = line.substr(0, colon);
  const bool ends_well = colon != line.npos &&
                         (colon + 1 == line.size() || trimmed(line.substr(colon + 1, 1)).empty());
  return ends_well && key.find_first_of(" \t") == key.npos ? LineKind::key : LineKind::other;
}

void add_key(std::string_view line, FrontMatter& front) {
  const std::size_t colon = line.find(':');
  const std::optional<std::string_view> value = scalar(line.substr(colon + 1));
  if (!value || value->empty()) return;
  if (line.substr(0, colon) == "title") {
    front.title = *value;
  } else {
    front.metadata.emplace(line.substr(0, colon), *value);
  }
}

}  // namespace

FrontMatter split_front_matter(std::string_view text) {
  std::string_view rest = text;
  if (!is_rule(take_line(rest))) return {};
  FrontMatter front;
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (is_rule(line) || trimmed(line) == "...") {
      front.length = text.size() - rest.size();
      return front;
    }
    const LineKind kind = kind_of(line);
    if (kind == LineKind::other) return {};
    if (kind == LineKind::key) add_key(line, front);
  }
  return {};
}

}  // namespace liquid::corpus
