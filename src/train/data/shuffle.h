#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace liquid::train {

/// 0 … count − 1 in an order that (seed, stream) decides: the same on every machine and with every
/// library (std::shuffle is not). Every order is equally likely.
std::vector<std::int32_t> shuffled_order(std::size_t count, std::uint64_t seed,
                                         std::uint64_t stream);

}  // namespace liquid::train
