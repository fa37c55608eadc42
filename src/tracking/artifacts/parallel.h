#pragma once

#include <cstddef>
#include <functional>

#include "base/result.h"

namespace liquid::tracking::artifacts {

/// Runs `work` for 0…count-1 on up to `threads` threads, the caller's among them, and waits. After
/// the first failure no more is begun; it is the answer.
Result<void> for_each_parallel(std::size_t count, std::size_t threads,
                               const std::function<Result<void>(std::size_t)>& work);

}  // namespace liquid::tracking::artifacts
