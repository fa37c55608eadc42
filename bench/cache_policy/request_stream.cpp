#include "request_stream.h"

#include <algorithm>
#include <cmath>

namespace liquid::bench {
namespace {

// mt19937_64 is specified by the standard, distributions are not: so that figures can be repeated
// elsewhere, the fraction is made here.
double unit_interval(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11) * 0x1.0p-53;
}

}  // namespace

RequestStream::RequestStream(const Options& options)
    : options_(options), random_(options.seed), next_one_time_(options.keys) {
  cumulative_.reserve(options.keys);
  double sum = 0.0;
  for (std::uint32_t rank = 1; rank <= options.keys; ++rank) {
    sum += std::pow(static_cast<double>(rank), -options.exponent);
    cumulative_.push_back(sum);
  }
}

std::uint64_t RequestStream::next() {
  if (unit_interval(random_) < options_.one_time_share) return next_one_time_++;
  const double point = unit_interval(random_) * cumulative_.back();
  const auto place = std::upper_bound(cumulative_.begin(), cumulative_.end(), point);
  return static_cast<std::uint64_t>(std::min(place, cumulative_.end() - 1) - cumulative_.begin());
}

}  // namespace liquid::bench
