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
constexpr std::size_t kReadableWidth = 8;
constexpr std::size_t kLeastWidth = 3;
constexpr std::string_view kEllipsis = "…";

struct Range {
  char32_t first;
  char32_t last;
};
// East Asian wide and full-width letters, and emoji (Unicode's EastAsianWidth.txt, whole blocks).
constexpr std::array kTwoCells = {
    Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0xA4CF},
    Range{0xA960, 0xA97C},   Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},
    Range{0xFE30, 0xFE6F},   Range{0xFF01, 0xFF60},   Range{0xFFE0, 0xFFE6},
    Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1F9FF},
    Range{0x20000, 0x3FFFD}};
// Marks that stand on the letter before them.
constexpr std::array kNoCell = {Range{0x0300, 0x036F}, Range{0x200B, 0x200F}, Range{0x20D0, 0x20FF},
                                Range{0xFE00, 0xFE0F}};

template <typename Ranges>
bool is_in(const Ranges& ranges, char32_t letter) {
  return std::any_of(ranges.begin(), ranges.end(), [letter](const Range& range) {
    return range.first <= letter && letter <= range.last;
  });
}

std::size_t cells_of(char32_t letter) {
  if (letter < 0x300) return 1;
  if (is_in(kNoCell, letter)) return 0;
  return is_in(kTwoCells, letter) ? 2 : 1;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) width += cells_of(next_code_point(text, at));
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
  std::size_t end = 0;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    used += cells_of(next_code_point(text, at));
    if (used + 1 > width) break;
    end = at;
  }
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

enum class Shrinkable { text, everything };
struct Squeeze {
  Shrinkable which;
  std::size_t least;
};

// Takes from the widest column until the line fits or all are as narrow as may be.
void shrink(const std::vector<Column>& head, std::size_t columns, const Squeeze& squeeze,
            std::vector<std::size_t>& widths) {
  const std::size_t gaps = kGap * (head.size() - 1);
  while (std::accumulate(widths.begin(), widths.end(), gaps) > columns) {
    std::size_t widest = head.size();
    for (std::size_t i = 0; i < head.size(); ++i) {
      const bool is_free = squeeze.which == Shrinkable::everything || head[i].align == Align::left;
      const bool may = is_free && widths[i] > squeeze.least;
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
  if (columns) {
    shrink(head, *columns, {Shrinkable::text, kReadableWidth}, widths);
    shrink(head, *columns, {Shrinkable::text, kLeastWidth}, widths);
    shrink(head, *columns, {Shrinkable::everything, kLeastWidth}, widths);
  }
  std::string text = line(head, titles, widths);
  for (const std::vector<std::string>& row : clean) text += line(head, row, widths);
  return text;
}

}  // namespace liquid::cli
