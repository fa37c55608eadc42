#include "cli/text_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "cli/tracking_views.h"

namespace liquid::cli {
namespace {

using Point = std::pair<double, double>;

struct Span {
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();

  void add(double value) {
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  bool empty() const { return least > greatest; }
  // 0 … cells-1; the middle when all values are the same.
  std::size_t cell(double value, std::size_t cells) const {
    const double width = greatest - least;
    const double share = width > 0 ? (value - least) / width : 0.5;
    return static_cast<std::size_t>(std::lround(share * static_cast<double>(cells - 1)));
  }
};

struct Field {
  Span x;
  Span y;
  std::size_t columns = 0;
  std::vector<std::string> lines;

  void mark(const Point& point, char mark) {
    const std::size_t row = lines.size() - 1 - y.cell(point.second, lines.size());
    lines[row][x.cell(point.first, columns)] = mark;
  }
};

bool is_drawable(const Point& point) {
  return std::isfinite(point.first) && std::isfinite(point.second);
}

std::vector<Point> drawable(const Curve& curve) {
  std::vector<Point> points;
  std::copy_if(curve.points.begin(), curve.points.end(), std::back_inserter(points), is_drawable);
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& a, const Point& b) { return a.first < b.first; });
  return points;
}

// One mark for each column between the two, so that a curve of few points is still a line.
void draw_line(Field& field, const Point& from, const Point& to, char mark) {
  const std::size_t first = field.x.cell(from.first, field.columns);
  const std::size_t last = field.x.cell(to.first, field.columns);
  for (std::size_t column = first; column < last; ++column) {
    const double share = static_cast<double>(column - first) / static_cast<double>(last - first);
    field.mark({from.first + share * (to.first - from.first),
                from.second + share * (to.second - from.second)},
               mark);
  }
  field.mark(to, mark);
}

std::string framed(const Field& field, const std::string& top, const std::string& bottom) {
  const std::size_t label = std::max(top.size(), bottom.size());
  std::string text;
  for (std::size_t row = 0; row < field.lines.size(); ++row) {
    const std::string& y = row == 0 ? top : row + 1 == field.lines.size() ? bottom : std::string();
    std::string line = fmt::format("{:>{}} |{}", y, label, field.lines[row]);
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  const std::string left = readable_number(field.x.least);
  const std::string right = readable_number(field.x.greatest);
  text += std::string(label + 1, ' ') + "+" + std::string(field.columns, '-') + "\n";
  const std::size_t room = field.columns > left.size() ? field.columns - left.size() : 0;
  return text + std::string(label + 2, ' ') + left + fmt::format("{:>{}}", right, room) + "\n";
}

}  // namespace

std::string text_plot(const std::vector<Curve>& curves, const PlotSize& size) {
  Field field;
  for (const Curve& curve : curves) {
    for (const Point& point : drawable(curve)) {
      field.x.add(point.first);
      field.y.add(point.second);
    }
  }
  if (field.x.empty()) return {};
  const std::string top = readable_number(field.y.greatest);
  const std::string bottom = readable_number(field.y.least);
  const std::size_t label = std::max(top.size(), bottom.size()) + 2;
  field.columns = size.columns > label + 10 ? size.columns - label : 10;
  field.lines.assign(std::max<std::size_t>(size.rows, 2), std::string(field.columns, ' '));
  for (const Curve& curve : curves) {
    const std::vector<Point> points = drawable(curve);
    for (std::size_t i = 0; i < points.size(); ++i) {
      draw_line(field, points[i == 0 ? 0 : i - 1], points[i], curve.mark);
    }
  }
  return framed(field, top, bottom);
}

}  // namespace liquid::cli
