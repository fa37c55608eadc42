#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace liquid::bench {

/// Text without meaning whose word frequencies are those of text (Zipf's law): the same on every
/// machine for the same options.
struct CorpusOptions {
  std::size_t passages = 100'000;
  std::size_t passage_words = 60;
  std::size_t vocabulary = 200'000;
  double exponent = 1.07;
  std::size_t queries = 1'000;
  std::size_t query_words = 5;  ///< Drawn like the text, no word twice in one question.
  std::uint64_t seed = 7;
};

std::vector<std::string> make_passages(const CorpusOptions& options);
std::vector<std::string> make_queries(const CorpusOptions& options);

}  // namespace liquid::bench
