#include "tokenizer/merge_learner.h"

#include <algorithm>

namespace liquid::tokenizer {

std::size_t MergeLearner::PairHash::operator()(const Pair& pair) const {
  const std::uint64_t key =
      (static_cast<std::uint64_t>(static_cast<std::uint32_t>(pair.first)) << 32U) |
      static_cast<std::uint32_t>(pair.second);
  return static_cast<std::size_t>((key * 0x9E37'79B9'7F4A'7C15U) >> 16U);
}

MergeLearner::MergeLearner(std::vector<std::string> tokens, std::vector<CountedWord> words)
    : tokens_(std::move(tokens)), words_(std::move(words)) {
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    ids_.emplace(tokens_[id], static_cast<TokenId>(id));
  }
  for (std::uint32_t word = 0; word < words_.size(); ++word) count_pairs(word);
  offer_changed();
}

void MergeLearner::count_pairs(std::uint32_t word) {
  const CountedWord& counted = words_[word];
  for (std::size_t at = 1; at < counted.symbols.size(); ++at) {
    change({counted.symbols[at - 1], counted.symbols[at]}, static_cast<std::int64_t>(counted.count),
           word);
  }
}

void MergeLearner::change(const Pair& pair, std::int64_t by, std::uint32_t word) {
  Places& places = pairs_[pair];
  places.count += by;
  if (by <= 0) return;
  if (places.words.empty() || places.words.back() != word) places.words.push_back(word);
  if (grown_.empty() || grown_.back() != pair) grown_.push_back(pair);
}

void MergeLearner::offer_changed() {
  std::sort(grown_.begin(), grown_.end());
  grown_.erase(std::unique(grown_.begin(), grown_.end()), grown_.end());
  for (const Pair& pair : grown_) {
    const std::int64_t count = pairs_[pair].count;
    if (count > 0) agenda_.push({count, pair});
  }
  grown_.clear();
}

/// The token of a pair, new unless two others make the same text.
TokenId MergeLearner::token_of(const Pair& pair) {
  std::string text = tokens_[static_cast<std::size_t>(pair.first)] +
                     tokens_[static_cast<std::size_t>(pair.second)];
  const auto [found, fresh] = ids_.emplace(text, static_cast<TokenId>(tokens_.size()));
  if (fresh) tokens_.push_back(std::move(text));
  return found->second;
}

void MergeLearner::join(const Pair& pair, TokenId token, std::uint32_t word) {
  CountedWord& counted = words_[word];
  const auto count = static_cast<std::int64_t>(counted.count);
  std::vector<TokenId>& symbols = counted.symbols;
  std::size_t kept = 0;
  for (std::size_t at = 0; at < symbols.size(); ++at) {
    const bool here =
        at + 1 < symbols.size() && symbols[at] == pair.first && symbols[at + 1] == pair.second;
    if (!here) {
      symbols[kept++] = symbols[at];
      continue;
    }
    if (kept > 0) {
      change({symbols[kept - 1], pair.first}, -count, word);
      change({symbols[kept - 1], token}, count, word);
    }
    if (at + 2 < symbols.size()) {
      change({pair.second, symbols[at + 2]}, -count, word);
      change({token, symbols[at + 2]}, count, word);
    }
    symbols[kept++] = token;
    ++at;
  }
  symbols.resize(kept);
}

void MergeLearner::learn(std::size_t size, std::uint64_t min_frequency) {
  while (tokens_.size() < size && !agenda_.empty()) {
    const Candidate best = agenda_.top();
    agenda_.pop();
    const auto found = pairs_.find(best.pair);
    if (found == pairs_.end()) continue;
    if (found->second.count != best.count) {
      if (found->second.count > 0) agenda_.push({found->second.count, best.pair});
      continue;
    }
    if (best.count < static_cast<std::int64_t>(std::max<std::uint64_t>(min_frequency, 1))) break;
    const TokenId token = token_of(best.pair);
    const std::vector<std::uint32_t> words = std::move(found->second.words);
    pairs_.erase(found);
    if (learned_.emplace(best.pair, token).second) merges_.push_back(best.pair);
    for (const std::uint32_t word : words) join(best.pair, token, word);
    pairs_.erase(best.pair);
    offer_changed();
  }
}

}  // namespace liquid::tokenizer
