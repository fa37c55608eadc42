#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace liquid::tokenizer {

struct BpeTrainerOptions {
  /// Entries in all: special tokens, the 256 bytes, merges, and the added tokens behind them. A
  /// text with too few repetitions gives fewer.
  std::size_t vocabulary_size = 65'536;
  /// A pair must be seen this often to be merged.
  std::uint64_t min_frequency = 2;
  /// Reserved special tokens behind LFM2's own fourteen (`<|reserved_0|>` …).
  std::size_t reserved_tokens = 2;
  /// `model_max_length` of tokenizer_config.json.
  std::size_t max_length = 128'000;

  /// The smallest `vocabulary_size` that holds what is not learned.
  std::size_t least_vocabulary() const;
};

/// The text of the files that Hugging Face's `tokenizers` and `transformers` open.
struct TokenizerFiles {
  std::string tokenizer_json;
  std::string tokenizer_config_json;
  std::string special_tokens_map_json;
};

/// Learns a byte-level BPE in LFM2's form: its split pattern, its special tokens at its ids (pad 0,
/// bos 1, end of turn 7), `ignore_merges`, its post-processor and its chat template.
///
/// The same texts give the same files, in whatever order they came. Not for use by two threads at
/// once.
class BpeTrainer {
 public:
  explicit BpeTrainer(BpeTrainerOptions options = {});
  ~BpeTrainer();
  BpeTrainer(const BpeTrainer&) = delete;
  BpeTrainer& operator=(const BpeTrainer&) = delete;

  /// Counts the words of a text. Bytes that are not UTF-8 are read as U+FFFD; special tokens in
  /// the text are no words; a word over 1000 bytes (no word, but data) counts as several.
  void add(std::string_view text);

  /// Learns from what was added so far. Errors: invalid_argument (no text was added, or a
  /// vocabulary too small for the special tokens and bytes; names the least size).
  Result<TokenizerFiles> train() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json into a folder that
/// exists. Errors as in base/file.h.
Result<void> write_tokenizer_files(const TokenizerFiles& files,
                                   const std::filesystem::path& folder);

}  // namespace liquid::tokenizer
