#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "tokenizer/tokenizer.h"
#include "train/data/dataset.h"

namespace liquid::train {

/// Cuts a document into samples of at most `max_length` tokens that are all trained: whole
/// paragraphs as many as fit, a paragraph that is longer at the end of a line, a line that is
/// longer between tokens. Each piece begins with the tokenizer's prefix; the last one ends with its
/// end token, when it names one. Nothing is lost, nothing stands twice. `text` must be UTF-8.
void cut_text(std::string_view text, const tokenizer::Tokenizer& tokenizer, std::int32_t max_length,
              const std::function<void(Sample)>& sink);

}  // namespace liquid::train
