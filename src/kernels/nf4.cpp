#include "kernels/nf4.h"

#include "kernels/nf4_scale.h"

namespace liquid::kernels {
const std::array<float, 256> kDynamicMap = {};
}
