#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/unicode.h"
#include "tokenizer/bpe_trainer.h"
#include "tokenizer/tokenizer.h"

using namespace liquid::tokenizer;

// Any bytes as a text: its tokens stand side by side and decode to the text, if it is UTF-8.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Tokenizer tokenizer = [] {
    BpeTrainer trainer({.vocabulary_size = 400, .min_frequency = 1});
    trainer.add("the cat isn't on the mat, 1234 \u00FCber \u6771\u4EAC\n\n  the end\n the cat");
    return Tokenizer::parse(trainer.train()->tokenizer_json).value();
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto ids = tokenizer.encode(text, SpecialTokens::leave_out);
  if (!liquid::is_valid_utf8(text)) return 0;
  if (tokenizer.decode(ids, DecodeSpecial::keep) != text) std::abort();
  std::size_t at = 0;
  for (const TokenSpan& span : tokenizer.encode_spans(text)) {
    if (span.begin != at || span.end < at) std::abort();
    at = span.end;
  }
  if (at != text.size()) std::abort();
  return 0;
}
