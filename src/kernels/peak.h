#pragma once

#include <chrono>

#include "kernels/team.h"

namespace liquid::kernels {

/// Floating point operations per second (a multiply-add is two) of this machine, all threads of the
/// team together; the best of several short trials, because other load only ever slows one down.
struct MachinePeak {
  double fma = 0;        ///< register-only multiply-adds in fp32: what no product can exceed
  double gemm_f32 = 0;   ///< linear_forward, weights stored in fp32
  double gemm_bf16 = 0;  ///< the same, weights stored in bf16 and widened
  double gemm_nf4 = 0;   ///< the same, weights stored in NF4
};

/// Takes about `budget` (not less than some 50 ms).
MachinePeak measure_peak(Team& team, std::chrono::milliseconds budget);

}  // namespace liquid::kernels
