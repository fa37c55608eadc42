#include "tokenizer/bpe_trainer.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "base/digest.h"
#include "base/file.h"
#include "base/unicode.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/byte_alphabet.h"
#include "tokenizer/merge_learner.h"
#include "tokenizer/repair_utf8.h"
#include "tokenizer/trained_files.h"
#include "tokenizer/unicode_classes.h"

namespace liquid::tokenizer {
namespace {

/// LFM2's special tokens in the order of their ids, from 0.
constexpr std::array<std::string_view, 14> kSpecialTokens{"<|pad|>",
                                                          "<|startoftext|>",
                                                          "<|endoftext|>",
                                                          "<|fim_pre|>",
                                                          "<|fim_mid|>",
                                                          "<|fim_suf|>",
                                                          "<|im_start|>",
                                                          "<|im_end|>",
                                                          "<|tool_list_start|>",
                                                          "<|tool_list_end|>",
                                                          "<|tool_call_start|>",
                                                          "<|tool_call_end|>",
                                                          "<|tool_response_start|>",
                                                          "<|tool_response_end|>"};
constexpr TokenId kBeginning = 1;

/// Matched as a unit, but no special tokens; behind the vocabulary.
constexpr std::array<std::string_view, 2> kThinking{"<think>", "</think>"};

/// A longer piece has no word in it, and each merge would have to walk over it again.
constexpr std::size_t kMaxWordBytes = 1000;

std::vector<AddedToken> special_tokens(std::size_t reserved) {
  std::vector<AddedToken> tokens;
  const auto add = [&](std::string content) {
    const auto id = static_cast<TokenId>(tokens.size());
    tokens.push_back({.id = id, .content = std::move(content), .special = true});
  };
  for (const std::string_view token : kSpecialTokens) add(std::string(token));
  for (std::size_t i = 0; i < reserved; ++i) add("<|reserved_" + std::to_string(i) + "|>");
  return tokens;
}

/// The 256 letters of the byte alphabet, in the order of their code points.
std::vector<char32_t> alphabet() {
  std::vector<char32_t> letters;
  for (unsigned byte = 0; byte < 256; ++byte) {
    letters.push_back(letter_of(static_cast<std::uint8_t>(byte)));
  }
  std::sort(letters.begin(), letters.end());
  return letters;
}

struct WordHash {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name
  std::size_t operator()(std::string_view word) const {
    return static_cast<std::size_t>(hash64(word));
  }
};

/// Where a piece that begins at `at` and is too long may be cut: between two characters.
std::size_t cut_before(std::string_view text, std::size_t at, std::size_t end) {
  if (end - at <= kMaxWordBytes) return end;
  return start_of_last_scalar(text, at + kMaxWordBytes + 1);
}

}  // namespace

std::size_t BpeTrainerOptions::least_vocabulary() const {
  return kSpecialTokens.size() + reserved_tokens + 256 + kThinking.size();
}

struct BpeTrainer::State {
  explicit State(BpeTrainerOptions chosen)
      : options(chosen), specials(special_tokens(options.reserved_tokens)), cutter(all_added()) {}

  std::vector<AddedToken> all_added() const {
    std::vector<AddedToken> tokens = specials;
    for (const std::string_view token : kThinking)
      tokens.push_back({.content = std::string(token)});
    return tokens;
  }

  void count(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = cut_before(text, at, splitter.piece_end(text, at));
      const std::string_view word = text.substr(at, end - at);
      const auto found = words.find(word);
      if (found != words.end()) {
        ++found->second;
      } else {
        words.emplace(word, 1);
      }
      at = end;
    }
  }

  std::vector<CountedWord> counted_words(const std::vector<TokenId>& id_of_byte) const;
  TokenizerSpec spec_of(const MergeLearner& learner) const;

  BpeTrainerOptions options;
  std::vector<AddedToken> specials;
  AddedTokens cutter;
  Splitter splitter{SplitPattern::llama3};
  std::unordered_map<std::string, std::uint64_t, WordHash, std::equal_to<>> words;
};

std::vector<CountedWord> BpeTrainer::State::counted_words(
    const std::vector<TokenId>& id_of_byte) const {
  std::vector<CountedWord> counted;
  counted.reserve(words.size());
  for (const auto& [word, count] : words) {
    CountedWord entry{.symbols = {}, .count = count};
    for (const char byte : word)
      entry.symbols.push_back(id_of_byte[static_cast<unsigned char>(byte)]);
    counted.push_back(std::move(entry));
  }
  return counted;
}

TokenizerSpec BpeTrainer::State::spec_of(const MergeLearner& learner) const {
  TokenizerSpec spec;
  spec.ignore_merges = true;
  spec.added = specials;
  spec.prefix = {kBeginning};
  const std::vector<std::string>& tokens = learner.tokens();
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    spec.vocabulary.emplace_back(tokens[id], static_cast<TokenId>(id));
  }
  for (const auto& [left, right] : learner.merges()) {
    spec.merges.emplace_back(tokens[static_cast<std::size_t>(left)],
                             tokens[static_cast<std::size_t>(right)]);
  }
  for (const std::string_view token : kThinking) {
    const std::size_t id = tokens.size() + spec.added.size() - specials.size();
    spec.added.push_back({.id = static_cast<TokenId>(id), .content = std::string(token)});
  }
  return spec;
}

BpeTrainer::BpeTrainer(BpeTrainerOptions options) : state_(std::make_unique<State>(options)) {}
BpeTrainer::~BpeTrainer() = default;

void BpeTrainer::add(std::string_view text) {
  std::string repaired;
  if (!is_valid_utf8(text)) {
    repaired = repair_utf8(text);
    text = repaired;
  }
  for (const Section& section : state_->cutter.sections(text, {})) {
    if (section.token < 0) state_->count(text.substr(section.begin, section.end - section.begin));
  }
}

Result<TokenizerFiles> BpeTrainer::train() const {
  const BpeTrainerOptions& options = state_->options;
  if (state_->words.empty()) {
    return Error{ErrorCode::invalid_argument, "there is no text to learn a tokenizer from"};
  }
  if (options.vocabulary_size < options.least_vocabulary()) {
    return Error{ErrorCode::invalid_argument,
                 "a vocabulary of " + std::to_string(options.vocabulary_size) +
                     " is too small: special tokens and bytes alone are " +
                     std::to_string(options.least_vocabulary())};
  }
  std::vector<std::string> tokens;
  for (const AddedToken& special : state_->specials) tokens.push_back(special.content);
  std::vector<TokenId> id_of_byte(256);
  for (const char32_t letter : alphabet()) {
    std::string text;
    append_utf8(text, letter);
    const std::string byte = from_letters(text).value_or("");
    id_of_byte[static_cast<unsigned char>(byte.front())] = static_cast<TokenId>(tokens.size());
    tokens.push_back(std::move(text));
  }
  MergeLearner learner(std::move(tokens), state_->counted_words(id_of_byte));
  learner.learn(options.vocabulary_size - kThinking.size(), options.min_frequency);
  return files_of(state_->spec_of(learner), options.max_length);
}

Result<void> write_tokenizer_files(const TokenizerFiles& files,
                                   const std::filesystem::path& folder) {
  const std::array<std::pair<std::string_view, const std::string*>, 3> written{
      {{"tokenizer_config.json", &files.tokenizer_config_json},
       {"special_tokens_map.json", &files.special_tokens_map_json},
       {"tokenizer.json", &files.tokenizer_json}}};
  for (const auto& [name, text] : written) {
    const Result<void> done = write_file_atomically(folder / name, *text);
    if (!done) return done.error();
  }
  return {};
}

}  // namespace liquid::tokenizer
