#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "generate/extractive.h"
#include "generate/sentences.h"

using namespace liquid::generate;

// Any bytes as a passage and as the question about it: sentences lie inside the text, in order, and
// the generator ends with an answer that cites what it was given.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const char* behind = text.data();
  for (const Sentence& sentence : split_sentences(text)) {
    if (sentence.text.empty() || sentence.text.data() < behind) std::abort();
    behind = sentence.text.data() + sentence.text.size();
    if (behind > text.data() + text.size()) std::abort();
  }
  static const ExtractiveGenerator generator;
  const std::string question(text.substr(0, size / 4));
  const Prompt prompt{
      question, {{"a/b.md", "t", "s", std::string(text), 0.5}}, {{question, question, 2.0, true}}};
  const auto draft = generator.generate(prompt);
  if (!draft || draft->found != !draft->cited.empty()) std::abort();
  return 0;
}
