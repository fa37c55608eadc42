// Bytes → HTML page: every span lies in the source.
#include "base/unicode.h"
#include "corpus/formats.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!liquid::is_valid_utf8(text)) return 0;
  const auto content = liquid::corpus::parse_html(text);
  if (!content) return 0;
  for (const liquid::corpus::Block& block : content->blocks) {
    const auto span = source_span(block, 0, block.text.size());
    if (span.begin > span.end || span.end > size) __builtin_trap();
    if (block.text.empty() || !liquid::is_valid_utf8(block.text)) __builtin_trap();
  }
  return 0;
}
