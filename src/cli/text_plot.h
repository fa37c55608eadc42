#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace liquid::cli {

/// One curve: points of (x, y) drawn with `mark`. Points that are no numbers are left out.
struct Curve {
  char mark = '*';
  std::vector<std::pair<double, double>> points;
};

struct PlotSize {
  std::size_t columns = 72;  ///< Of the whole drawing, labels of the y axis included.
  std::size_t rows = 10;     ///< Of the field alone.
};

/// The curves in one field of characters with the ranges at its axes; points between two samples
/// are interpolated, where curves meet the later one shows. Empty when no curve has a point.
std::string text_plot(const std::vector<Curve>& curves, const PlotSize& size);

}  // namespace liquid::cli
