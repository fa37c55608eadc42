#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "generate/answer_kind.h"
#include "generate/generator.h"
#include "generate/words.h"

namespace liquid::generate {

/// What the extractive generator looks for.
struct Question {
  /// One word of the question; words are distinct by stem.
  struct Term {
    std::string stem;
    double weight = 0.0;  ///< Share of the question's whole weight; all terms add up to 1.
  };
  /// A name in the question ("HAProxy", "max_connections"): an answer that does not mention it
  /// answers something else.
  struct Name {
    std::string text;  ///< Lower case, whole.
    std::vector<std::string> stems;
    double weight = 0.0;  ///< Sum of its terms' weights.
  };
  std::vector<Term> terms;
  std::vector<Name> names;
  std::vector<AnswerKind> kinds;
  /// Top folders of the passages that the question names: it is answered there or hardly at all.
  std::set<std::string> folders;
};

/// "nginx" of "nginx/http/x.html", empty for a path without folders.
std::string_view top_folder(std::string_view path);

/// Reads the prompt's question and terms. Work is bounded: of very long questions the heaviest
/// terms are kept.
Question read_question(const Prompt& prompt, const WordSplitter& splitter);

}  // namespace liquid::generate
