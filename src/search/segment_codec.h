#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "search/segment.h"

namespace liquid::search {

/// The segment as bytes (without its derived fields); the grammar stands in segment_codec.cpp.
std::string encode_segment(const Segment& segment);

/// Takes the next bytes; an error ends the encoding.
using SegmentSink = std::function<Result<void>(std::string_view)>;
/// The same bytes in pieces of at most 64 KiB and a large segment's never all at once. Errors:
/// those of the sink.
Result<void> encode_segment(const Segment& segment, const SegmentSink& sink);

/// Reads what `encode_segment` wrote; the bytes may come from anywhere. The derived fields are
/// filled for the segment's own average length. Errors: data_corrupt, unsupported (a newer format).
Result<Segment> decode_segment(std::string_view blob);

}  // namespace liquid::search
