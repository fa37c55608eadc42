#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/merge_table.h"
#include "tokenizer/spec.h"

namespace liquid::tokenizer {

/// Pieces of text → tokens: the vocabulary by its bytes, and the merges. Immutable; any thread.
class BpeModel {
 public:
  /// `spec` must keep its invariants.
  explicit BpeModel(const TokenizerSpec& spec);

  /// Appends the tokens of one piece. A byte that no token stands for vanishes.
  void encode(std::string_view piece, std::vector<TokenId>& ids) const;

  /// The token of a single byte; -1 when there is none.
  TokenId token_of_byte(std::uint8_t byte) const { return byte_tokens_[byte]; }

 private:
  struct BytesHash {
    std::size_t operator()(std::string_view bytes) const;
  };

  void merge_short(std::vector<TokenId>& ids, std::size_t from) const;
  void merge_long(std::vector<TokenId>& ids, std::size_t from) const;

  bool ignore_merges_;
  std::array<TokenId, 256> byte_tokens_{};
  MergeTable merges_;
  /// Keys are views into `bytes_`.
  std::unordered_map<std::string_view, TokenId, BytesHash> whole_;
  std::unique_ptr<std::string> bytes_;
};

}  // namespace liquid::tokenizer
