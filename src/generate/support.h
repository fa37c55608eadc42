#pragma once

#include <cstddef>
#include <vector>

#include "generate/generator.h"

namespace liquid::generate {

/// 0..1: share of the question's weight that occurs in at least one of the cited passages; 0
/// without citations. For answers whose sentences are a model's own.
double support_by_passages(const Prompt& prompt, const std::vector<std::size_t>& cited);

}  // namespace liquid::generate
