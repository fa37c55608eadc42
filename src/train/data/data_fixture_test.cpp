#include "train/data/data_fixture_test.h"

namespace liquid::train {

std::filesystem::path source_folder() { return LIQUID_SOURCE_DIR; }

const tokenizer::Tokenizer& tiny_tokenizer() {
  static const tokenizer::Tokenizer kept =
      tokenizer::Tokenizer::open(source_folder() / "tests/data/lfm2-tiny").value();
  return kept;
}

const tokenizer::ChatTemplate& tiny_chat() {
  static const tokenizer::ChatTemplate kept = tokenizer::ChatTemplate::of(tiny_tokenizer()).value();
  return kept;
}

}  // namespace liquid::train
