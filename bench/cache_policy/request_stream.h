#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace liquid::bench {

/// Requests for `keys` things whose popularity follows Zipf's law (the k-th is asked for in
/// proportion to 1 / k^exponent), mixed with things that are asked for once and never again. The
/// same on every machine for the same options.
class RequestStream {
 public:
  struct Options {
    std::uint32_t keys = 100'000;
    double exponent = 1.0;
    double one_time_share = 0.0;
    std::uint64_t seed = 1;
  };

  explicit RequestStream(const Options& options);

  /// Below `keys`: one of the popular things, 0 the most popular. Otherwise a number that never
  /// comes again.
  std::uint64_t next();

 private:
  Options options_;
  std::vector<double> cumulative_;
  std::mt19937_64 random_;
  std::uint64_t next_one_time_;
};

}  // namespace liquid::bench
