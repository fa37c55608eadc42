#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kernels/matrix.h"
#include "kernels/team.h"

/// What the tests of this room share: random matrices with gaps between their rows, and every
/// instruction set that this processor has.
namespace liquid::kernels {

inline std::vector<Isa> isas() {
  std::vector<Isa> all = {Isa::portable};
  if (best_isa() >= Isa::avx2) all.push_back(Isa::avx2);
  if (best_isa() >= Isa::avx512) all.push_back(Isa::avx512);
  return all;
}

inline std::vector<float> random_floats(std::int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(generator);
  return values;
}

/// Owns a matrix whose rows are `gap` floats longer than they are wide; the gaps hold a mark.
class Owned {
 public:
  static constexpr float kMark = 12345.0F;

  Owned(std::int64_t rows, std::int64_t cols, unsigned seed, std::int64_t gap = 3)
      : rows_(rows),
        cols_(cols),
        stride_(cols + gap),
        values_(random_floats(rows * stride_, seed)) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = cols; c < stride_; ++c) at(r, c) = kMark;
    }
  }

  float& at(std::int64_t r, std::int64_t c) {
    return values_[static_cast<std::size_t>(r * stride_ + c)];
  }
  float at(std::int64_t r, std::int64_t c) const {
    return values_[static_cast<std::size_t>(r * stride_ + c)];
  }
  Matrix view() { return {values_.data(), rows_, cols_, stride_}; }
  ConstMatrix view() const { return {values_.data(), rows_, cols_, stride_}; }
  std::int64_t rows() const { return rows_; }
  std::int64_t cols() const { return cols_; }

  bool gaps_untouched() const {
    for (std::int64_t r = 0; r < rows_; ++r) {
      for (std::int64_t c = cols_; c < stride_; ++c) {
        if (at(r, c) != kMark) return false;
      }
    }
    return true;
  }

  bool operator==(const Owned&) const = default;

 private:
  std::int64_t rows_;
  std::int64_t cols_;
  std::int64_t stride_;
  std::vector<float> values_;
};

/// The gradient of f at x by central differences in double: a reference that shares no derivation
/// with the code under test.
template <class F>
std::vector<double> numeric_gradient(std::vector<double> x, F f) {
  std::vector<double> gradient;
  for (double& value : x) {
    const double kept = value;
    const double step = 1e-5 * (1 + std::abs(kept));
    value = kept + step;
    const double above = f(x);
    value = kept - step;
    const double below = f(x);
    value = kept;
    gradient.push_back((above - below) / (2 * step));
  }
  return gradient;
}

/// The elements of a matrix, row by row, in double.
inline std::vector<double> doubles(const Owned& m) {
  std::vector<double> values;
  for (std::int64_t r = 0; r < m.rows(); ++r) {
    for (std::int64_t c = 0; c < m.cols(); ++c) values.push_back(static_cast<double>(m.at(r, c)));
  }
  return values;
}

inline std::vector<double> doubles(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

inline double dot_of(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

inline void expect_near(const std::vector<double>& got, const std::vector<double>& wanted,
                        double tolerance) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], wanted[i], tolerance * (1 + std::abs(wanted[i]))) << "element " << i;
  }
}

/// Runs on every instruction set in turn.
class EveryIsa : public testing::TestWithParam<Isa> {
 protected:
  Team team_{TeamOptions{.threads = 3, .isa = GetParam()}};
};

inline std::string isa_label(const testing::TestParamInfo<Isa>& info) {
  switch (info.param) {
    case Isa::portable: return "portable";
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
  }
  return "portable";
}

}  // namespace liquid::kernels
