// Two bytes of sizes, then text → chunks: none above its size, no character cut.
#include "base/unicode.h"
#include "corpus/chunker.h"
#include "corpus/text.h"
#include "corpus/tokens.h"

using namespace liquid::corpus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const ChunkOptions options{kMinChunkTokens + data[0], data[1]};
  if (!validate(options) || !liquid::is_valid_utf8(text)) return 0;
  Document document;
  append_text_blocks(text, {}, document.blocks);
  for (std::size_t i = 0; i < document.blocks.size(); ++i) {
    if (document.blocks[i].text.size() % 3 == 0) document.blocks[i].kind = BlockKind::heading;
    document.blocks[i].section.assign(i % 4, std::string(1 + i % 3, "h"[0]));
  }
  for (const Chunk& chunk : chunk(document, options)) {
    if (count_tokens(chunk.text) > options.max_tokens) __builtin_trap();
    if (chunk.text.empty() || !liquid::is_valid_utf8(chunk.text)) __builtin_trap();
    if (chunk.span.begin > chunk.span.end || chunk.span.end > text.size()) __builtin_trap();
  }
  return 0;
}
