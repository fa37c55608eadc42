#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <numeric>

#include "base/unicode.h"

namespace liquid::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastWidth = 8;
constexpr std::string_view kEllipsis = "…";

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size(); ++width) next_code_point(text, at);
  return width;
}

// Control characters of a title must not reach the terminal.
std::string printable(std::string_view text) {
  std::string clean(text);
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; }, ' ');
  return clean;
}

std::string cut(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  std::size_t at = 0;
  for (std::size_t kept = 0; kept + 1 < width; ++kept) next_code_point(text, at);
  return std::string(text.substr(0, at)) + std::string(kEllipsis);
}

// Takes from the widest left-aligned column until the line fits or all are narrow.
void shrink(const std::vector<Column>& head, std::size_t columns,
            std::vector<std::size_t>& widths) {
  const std::size_t gaps = kGap * (head.size() - 1);
  while (std::accumulate(widths.begin(), widths.end(), gaps) > columns) {
    std::size_t widest = head.size();
    for (std::size_t i = 0; i < head.size(); ++i) {
      const bool may = head[i].align == Align::left && widths[i] > kLeastWidth;
      if (may && (widest == head.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == head.size()) return;
    --widths[widest];
  }
}

std::string line(const std::vector<Column>& head, const std::vector<std::string>& cells,
                 const std::vector<std::size_t>& widths) {
  std::string text;
  for (std::size_t i = 0; i < head.size(); ++i) {
    const std::string cell = cut(cells[i], widths[i]);
    const std::string blanks(widths[i] - std::min(widths[i], width_of(cell)), ' ');
    text += head[i].align == Align::left ? cell + blanks : blanks + cell;
    if (i + 1 < head.size()) text.append(kGap, ' ');
  }
  text.resize(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

}  // namespace

std::optional<std::size_t> terminal_columns(int descriptor) {
  if (::isatty(descriptor) == 0) return std::nullopt;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string readable_bytes(double bytes) {
  constexpr std::array kUnits = {"B", "KB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1000.0 && unit + 1 < kUnits.size(); ++unit) bytes /= 1000.0;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string readable_time(std::int64_t unix_ms) {
  if (unix_ms == 0) return {};
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return {};
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return {text.data(), size};
}

std::string readable_seconds(double seconds) {
  if (seconds < 10.0) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string table(const std::vector<Column>& head,
                  const std::vector<std::vector<std::string>>& rows,
                  std::optional<std::size_t> columns) {
  std::vector<std::string> titles;
  std::vector<std::size_t> widths;
  for (const Column& column : head) {
    titles.push_back(column.title);
    widths.push_back(width_of(column.title));
  }
  std::vector<std::vector<std::string>> clean = rows;
  for (std::vector<std::string>& row : clean) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = printable(row[i]);
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  if (columns) shrink(head, *columns, widths);
  std::string text = line(head, titles, widths);
  for (const std::vector<std::string>& row : clean) text += line(head, row, widths);
  return text;
}

}  // namespace liquid::cli
