#include "lfm2/model/ops.h"

#include <algorithm>

namespace liquid::lfm2 {

std::int64_t Sequence::longest() const {
  std::int64_t most = 0;
  for (std::size_t i = 0; i + 1 < borders.size(); ++i) {
    most = std::max(most, borders[i + 1] - borders[i]);
  }
  return most;
}

OpsShape shape_of(const Lfm2Config& config) {
  OpsShape shape;
  shape.attention = {.query_heads = config.num_attention_heads,
                     .kv_heads = config.num_key_value_heads,
                     .head_dim = config.head_dim()};
  shape.norm_eps = config.norm_eps;
  shape.rope_theta = config.rope_theta;
  return shape;
}

}  // namespace liquid::lfm2
