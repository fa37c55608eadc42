#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokenizer/spec.h"

namespace liquid::tokenizer {

/// What the files beside a tokenizer.json say.
struct TokenizerConfig {
  std::optional<std::string> bos;
  std::optional<std::string> eos;
  std::optional<std::string> pad;
  /// Every token with a role, the three above with them: transformers makes each of them special.
  std::vector<std::string> specials;
  /// Flags that replace those in tokenizer.json.
  std::vector<AddedToken> declared;
  /// When given, these and not the post-processor decide what is put around a text.
  std::optional<bool> add_bos;
  std::optional<bool> add_eos;
  std::string chat_template;
};

/// The text of a tokenizer_config.json or special_tokens_map.json. Errors: data_corrupt.
Result<TokenizerConfig> read_tokenizer_config(std::string_view text);

/// All files of the folder that are there, the first that says something wins. Errors, which name
/// the file: data_corrupt, permission_denied, unavailable.
Result<TokenizerConfig> read_config_files(const std::filesystem::path& folder);

/// Puts what the config says into `spec`. Errors: data_corrupt (a token that tokenizer.json has
/// not).
Result<void> apply_config(const TokenizerConfig& config, TokenizerSpec& spec);

}  // namespace liquid::tokenizer
