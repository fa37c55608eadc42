#pragma once

#include <string>

#include "generate/generator.h"
#include "generate/words.h"

namespace liquid::generate {

struct ExtractiveOptions {
  std::string language = kDefaultLanguage;  ///< Stemmer; should be the index's.
  std::size_t max_quotes = 3;
  double min_support = 0.5;  ///< Below: not found. See generate/README.md.
};

/// Answers with the passages' own sentences: picks those that answer the question, quotes and cites
/// them. Needs no model. Deterministic; safe from several threads.
class ExtractiveGenerator final : public Generator {
 public:
  explicit ExtractiveGenerator(ExtractiveOptions options = {});

  Result<Draft> generate(const Prompt& prompt) const override;
  Digest version() const override;
  std::string name() const override { return "extractive"; }

 private:
  ExtractiveOptions options_;
};

}  // namespace liquid::generate
