#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tokenizer/chat.h"
#include "tokenizer/tokenizer.h"

using namespace liquid::tokenizer;

// Any bytes as a tokenizer.json: an error, or a tokenizer whose ids are all below its size.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const liquid::Result<Tokenizer> tokenizer = Tokenizer::parse(text);
  if (!tokenizer) return 0;
  for (const TokenId id : tokenizer->encode(text, SpecialTokens::add)) {
    if (id < 0 || static_cast<std::size_t>(id) >= tokenizer->size()) std::abort();
    if (tokenizer->kind(id) == TokenKind::unused) std::abort();
  }
  return 0;
}
