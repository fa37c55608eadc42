#pragma once

#include "kernels/matrix.h"
#include "kernels/team.h"

namespace liquid::kernels {

/// Causal attention with grouped key/value heads: query head i reads key/value head
/// i / (query_heads / kv_heads). Scale 1/√head_dim.
struct AttentionShape {
  std::int64_t query_heads = 0;
  std::int64_t kv_heads = 0;  ///< divides query_heads
  std::int64_t head_dim = 0;
};

struct AttentionInputs {
  ConstMatrix q;  ///< [T, query_heads · head_dim]
  ConstMatrix k;  ///< [T, kv_heads · head_dim]
  ConstMatrix v;  ///< [T, kv_heads · head_dim]
};

struct AttentionForward {
  AttentionInputs inputs;
  Matrix out;            ///< [T, query_heads · head_dim]
  float* lse = nullptr;  ///< [query_heads, T] log Σ exp(score), all the backward pass needs
};

/// Every document attends to itself only; work is proportional to the sum of the squared lengths,
/// memory to T: no matrix of scores is kept.
void attention(Team& team, const AttentionShape& shape, Borders borders,
               const AttentionForward& forward);

struct AttentionGradient {
  AttentionInputs inputs;
  ConstMatrix out;             ///< as the forward pass left them
  const float* lse = nullptr;  ///< [query_heads, T]
  ConstMatrix dout;            ///< [T, query_heads · head_dim]
  Matrix dq;                   ///< like q, k, v; replaced
  Matrix dk;
  Matrix dv;
};

void attention_backward(Team& team, const AttentionShape& shape, Borders borders,
                        const AttentionGradient& gradient);

/// One document whose keys and values are cached, for generation: q [T, …] are the last T of the S
/// positions of k, v [S, …] (T ≤ S). out [T, query_heads · head_dim].
void attention_cached(Team& team, const AttentionShape& shape, const AttentionInputs& inputs,
                      Matrix out);

}  // namespace liquid::kernels
