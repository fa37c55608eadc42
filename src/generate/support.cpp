#include "generate/support.h"

#include <algorithm>

#include "generate/evidence.h"

namespace liquid::generate {

double support_by_passages(const Prompt& prompt, const std::vector<std::size_t>& cited) {
  const WordSplitter splitter(kDefaultLanguage);
  const Question question = read_question(prompt, splitter);
  double best = 0.0;
  for (const std::size_t number : cited) {
    if (number >= prompt.passages.size()) continue;
    const ReadPassage passage = read_passage(prompt.passages[number], question, splitter);
    best = std::max(best, passage_coverage(passage, question));
  }
  return best;
}

}  // namespace liquid::generate
