#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tracking/recorder/journal_documents.h"
#include "tracking/recorder/journal_format.h"

// Any bytes: a segment, one frame's payload (which checksums keep most inputs away from), or one of
// the two documents beside the segments.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace liquid::tracking::recorder;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto ignore = [](Operation&&) {};
  static_cast<void>(EntryReader().read(bytes, ignore).has_value());
  EntryReader entries;
  entries.expect_gaps();
  static_cast<void>(entries.read(bytes, ignore).has_value());
  static_cast<void>(parse_run_plan(bytes).has_value());
  static_cast<void>(parse_delivery_state(bytes).has_value());
  const auto identity = parse_segment_header(bytes);
  if (!identity) return 0;
  for (std::uint64_t offset = kSegmentHeaderBytes; !is_torn(bytes.substr(offset));) {
    const auto next = find_frame(bytes.substr(offset), *identity, offset);
    const auto frame =
        next ? read_frame(bytes.substr(offset + *next), *identity, offset + *next) : std::nullopt;
    if (!frame || !entries.read(*frame, ignore)) break;
    offset += *next + kFrameHeaderBytes + frame->size();
  }
  return 0;
}
