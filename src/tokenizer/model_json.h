#pragma once

#include "tokenizer/json_fields.h"
#include "tokenizer/spec.h"

namespace liquid::tokenizer {

/// The "model" of a tokenizer.json into `spec`: vocabulary, merges, `ignore_merges`. Errors as in
/// `read_tokenizer_json`.
Result<void> read_model(const JsonFields& model, TokenizerSpec& spec);

/// The "added_tokens"; `spec` must have its vocabulary. Errors as in `read_tokenizer_json`.
Result<void> read_added_tokens(const boost::json::array& tokens, TokenizerSpec& spec);

}  // namespace liquid::tokenizer
