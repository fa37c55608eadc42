#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "search/segment_codec.h"

// Any bytes either are refused or make a segment that is safe to use and says the same when written
// again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace liquid::search;
  const liquid::Result<Segment> segment =
      decode_segment({reinterpret_cast<const char*>(data), size});
  if (!segment) return 0;
  std::vector<std::uint32_t> positions;
  for (std::uint32_t term = 0; term < segment->term_count(); ++term) {
    const PostingList list = segment->postings(term);
    for (std::uint32_t i = 0; i < list.chunks.size(); ++i) {
      segment->positions_of(term, i, positions);
      if (list.chunks[i] >= segment->chunk_count() || positions.empty()) std::abort();
    }
    if (segment->find_term(segment->terms[term]) != term) std::abort();
  }
  const liquid::Result<Segment> again = decode_segment(encode_segment(*segment));
  if (!again || again->posting_chunks != segment->posting_chunks) std::abort();
  return 0;
}
