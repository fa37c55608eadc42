#pragma once

#include <string>
#include <vector>

#include "metrics/gpu.h"

namespace liquid::api {

using metrics::Gpu;
using metrics::read_gpus;

/// `{"available":false}`, or with the figures of the first device under the names that both earlier
/// servers used. This server itself computes nothing on a GPU: "allocated" and "reserved" are what
/// all programs together hold.
std::string gpu_json(const std::vector<Gpu>& gpus);

}  // namespace liquid::api
