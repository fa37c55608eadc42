#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "search/segment.h"

namespace liquid::search {

/// The segment as bytes (without its derived fields); the grammar stands in segment_codec.cpp.
std::string encode_segment(const Segment& segment);

/// Reads what `encode_segment` wrote; the bytes may come from anywhere. The derived fields are
/// filled for the segment's own average length. Errors: data_corrupt, unsupported (a newer format).
Result<Segment> decode_segment(std::string_view blob);

}  // namespace liquid::search
