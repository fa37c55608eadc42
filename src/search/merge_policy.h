#pragma once

#include <span>
#include <vector>

#include "search/segment_merge.h"

namespace liquid::search {

/// Which segments should become one now, so that there are never many and every posting is
/// rewritten a few times at most: eight of about the same size, or one of which a quarter is gone.
/// Empty: none.
std::vector<SegmentView> due_for_merge(std::span<const SegmentView> views);

/// As many as fit into one segment, smallest first; empty when no two do and nothing is gone.
std::vector<SegmentView> worth_joining(std::span<const SegmentView> views);

}  // namespace liquid::search
