#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace liquid::tokenizer {

using TokenId = std::int32_t;

/// The files of a tokenizer's folder. Only the first must exist; who exports a model copies those
/// that do.
inline constexpr std::array<std::string_view, 5> kTokenizerFiles{
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "chat_template.jinja"};

/// Whether the post-processor's tokens (LFM2: `<|startoftext|>` in front) are put around the text.
/// A rendered chat writes its own, so it is encoded with `leave_out`.
enum class SpecialTokens { add, leave_out };

/// Whether decoding writes special tokens or leaves them out.
enum class DecodeSpecial { keep, skip };

/// What a token is to those who export it.
enum class TokenKind {
  normal,        ///< An entry of the BPE vocabulary.
  control,       ///< An added token that is special: `<|im_end|>`.
  user_defined,  ///< An added token that is not special: `<think>`.
  unused,        ///< No token has this id.
};

/// A token of a text and the bytes [begin, end) it was made from.
struct TokenSpan {
  TokenId id = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const TokenSpan&) const = default;
};

/// Bytes [begin, end) of a text.
struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const TextRange&) const = default;
};

/// Byte-level BPE as a Hugging Face `tokenizer.json` describes it: text to ids and back, equal to
/// what the `tokenizers` library does with the same file.
///
/// A handle to something that never changes: copying is cheap, and any number of threads may use
/// the same one.
class Tokenizer {
 public:
  /// Reads the folder's `tokenizer.json`, and what else of `kTokenizerFiles` is there for the
  /// special tokens' roles and the chat template. Errors, which name the file and the field:
  /// not_found, permission_denied, unavailable, data_corrupt (not what the format promises),
  /// unsupported (a feature that is not byte-level BPE in LFM2's or Llama 3's form).
  static Result<Tokenizer> open(const std::filesystem::path& folder);

  /// The same from the text of a `tokenizer.json` alone; roles (bos, eos, pad) are then unknown,
  /// except for a beginning token that the post-processor adds. Errors: data_corrupt, unsupported.
  static Result<Tokenizer> parse(std::string_view tokenizer_json);

  /// Added tokens written in the text become those tokens, special ones too. Bytes that are not
  /// UTF-8 are read as U+FFFD, one for each maximal wrong part.
  std::vector<TokenId> encode(std::string_view text, SpecialTokens special) const;

  /// Encodes without the post-processor's tokens and says which bytes became which token. Inside
  /// `literal` (ascending, disjoint) special tokens are ordinary text; everything else is as in
  /// `encode`. `text` must be UTF-8.
  std::vector<TokenSpan> encode_spans(std::string_view text,
                                      std::span<const TextRange> literal = {}) const;

  /// Each maximal part that is not UTF-8 becomes U+FFFD; ids without a token are left out.
  std::string decode(std::span<const TokenId> ids, DecodeSpecial special) const;

  /// The id of a token, written as `token` writes it.
  std::optional<TokenId> id_of(std::string_view token) const;
  /// A token as stored: entries of the vocabulary in the GPT-2 byte alphabet ("Ġthe"), added tokens
  /// as they stand in the text. Empty for an id without a token.
  std::string_view token(TokenId id) const;
  TokenKind kind(TokenId id) const;
  /// One more than the greatest id; a model may have more rows than that.
  std::size_t size() const;

  std::optional<TokenId> bos() const;
  std::optional<TokenId> eos() const;
  std::optional<TokenId> pad() const;
  /// What the post-processor puts before and after a text.
  std::span<const TokenId> prefix() const;
  std::span<const TokenId> suffix() const;

  /// The merges by rank; both sides in the GPT-2 byte alphabet.
  std::vector<std::pair<std::string_view, std::string_view>> merges() const;

  /// The Jinja text of the folder's chat template; empty when there is none.
  std::string_view chat_template() const;

  /// SHA-256 over everything that decides about ids: equal for two tokenizers that encode and
  /// decode alike, whatever the spacing and order of their files.
  const Digest& digest() const;

 private:
  struct State;
  explicit Tokenizer(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace liquid::tokenizer
