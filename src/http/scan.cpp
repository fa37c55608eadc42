#include "http/scan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace liquid::http {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}

}  // namespace

std::size_t find_control(std::string_view text, std::size_t from) {
  std::size_t position = from;
#ifdef __SSE2__
  const __m128i last_control = _mm_set1_epi8(0x1F);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7F);
  for (; position + 16 <= text.size(); position += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + position));
    // Unsigned "<= 0x1F" is min(x, 0x1F) == x.
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i control =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), low), _mm_cmpeq_epi8(bytes, del));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(control));
    if (mask != 0) return position + static_cast<std::size_t>(__builtin_ctz(mask));
  }
#endif
  while (position < text.size() && !is_control(text[position])) ++position;
  return position;
}

}  // namespace liquid::http
