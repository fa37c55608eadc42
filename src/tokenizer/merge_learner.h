#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace liquid::tokenizer {

/// A word as the symbols it is made of by now, and how often it was seen.
struct CountedWord {
  std::vector<TokenId> symbols;
  std::uint64_t count = 0;
};

/// Joins the most frequent pair of neighbours again and again; of equals the one with the smaller
/// ids. What it learns depends on words and counts alone, not on their order.
///
/// Invariants: `pairs_` has every pair that stands in some word, with its number of places (a word
/// seen n times counts n times) and at least the words it stands in; every pair with a positive
/// count has an entry in `agenda_` with that count or more.
class MergeLearner {
 public:
  /// `tokens[id]` is the text of each symbol that the words use.
  MergeLearner(std::vector<std::string> tokens, std::vector<CountedWord> words);

  /// Until there are `size` tokens or no pair is seen `min_frequency` times.
  void learn(std::size_t size, std::uint64_t min_frequency);

  /// In the order of ids.
  const std::vector<std::string>& tokens() const { return tokens_; }
  /// In the order of ranks.
  const std::vector<std::pair<TokenId, TokenId>>& merges() const { return merges_; }

 private:
  using Pair = std::pair<TokenId, TokenId>;
  struct PairHash {
    std::size_t operator()(const Pair& pair) const;
  };
  struct Places {
    std::int64_t count = 0;
    std::vector<std::uint32_t> words;
  };
  struct Candidate {
    std::int64_t count = 0;
    Pair pair;
    bool operator<(const Candidate& other) const {
      return count != other.count ? count < other.count : pair > other.pair;
    }
  };

  void count_pairs(std::uint32_t word);
  void change(const Pair& pair, std::int64_t by, std::uint32_t word);
  TokenId token_of(const Pair& pair);
  void join(const Pair& pair, TokenId token, std::uint32_t word);
  void offer_changed();

  std::vector<std::string> tokens_;
  std::unordered_map<std::string, TokenId> ids_;
  std::vector<CountedWord> words_;
  std::vector<Pair> merges_;
  std::unordered_map<Pair, TokenId, PairHash> learned_;
  std::unordered_map<Pair, Places, PairHash> pairs_;
  std::priority_queue<Candidate> agenda_;
  std::vector<Pair> grown_;  // got places since `offer_changed`
};

}  // namespace liquid::tokenizer
