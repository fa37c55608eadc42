#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tokenizer/bpe_trainer.h"
#include "tokenizer/spec.h"

namespace liquid::tokenizer {

/// The files of a tokenizer in LFM2's form. `spec` says everything about ids; the roles are LFM2's.
TokenizerFiles files_of(const TokenizerSpec& spec, std::size_t max_length);

}  // namespace liquid::tokenizer
