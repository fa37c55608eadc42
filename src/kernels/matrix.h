#pragma once

#include <cstdint>
#include <span>

namespace liquid::kernels {

/// A row-major matrix of somebody else's floats: element (r, c) is data[r * stride + c].
/// A slice of a wider buffer is a matrix whose stride is larger than its number of columns.
struct ConstMatrix {
  const float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  const float* row(std::int64_t r) const { return data + r * stride; }
};

/// The same, for writing.
struct Matrix {
  float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  float* row(std::int64_t r) const { return data + r * stride; }
  operator ConstMatrix() const { return {data, rows, cols, stride}; }
};

/// `rows` rows of `cols` floats without gaps.
inline ConstMatrix dense(const float* data, std::int64_t rows, std::int64_t cols) {
  return {data, rows, cols, cols};
}
inline Matrix dense(float* data, std::int64_t rows, std::int64_t cols) {
  return {data, rows, cols, cols};
}

/// Columns [first, first + count) of all rows; rows [first, first + count) of all columns.
inline ConstMatrix columns(ConstMatrix m, std::int64_t first, std::int64_t count) {
  return {m.data + first, m.rows, count, m.stride};
}
inline Matrix columns(Matrix m, std::int64_t first, std::int64_t count) {
  return {m.data + first, m.rows, count, m.stride};
}
inline ConstMatrix rows(ConstMatrix m, std::int64_t first, std::int64_t count) {
  return {m.data + first * m.stride, count, m.cols, m.stride};
}
inline Matrix rows(Matrix m, std::int64_t first, std::int64_t count) {
  return {m.data + first * m.stride, count, m.cols, m.stride};
}

/// Whether a result replaces what is there (which is then never read) or is added to it.
enum class Write { replace, add };

/// Where the documents of a packed sequence of T positions begin and end: 0 = b[0] ≤ b[1] ≤ … ≤
/// b[n] = T; document i is [b[i], b[i+1]). Attention, convolution and positions never look over a
/// border. One document is {0, T}.
using Borders = std::span<const std::int64_t>;

}  // namespace liquid::kernels
