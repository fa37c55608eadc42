#include "rag/confidence.h"

#include <algorithm>

namespace liquid::rag {
namespace {

constexpr double kNotFoundCeiling = 0.3;
constexpr double kSupportShare = 0.6;
constexpr double kKnownShare = 0.2;
constexpr double kRelevanceShare = 0.2;

/// Share of the question's weight in words that occur in the documents at all.
double known_share(const generate::Prompt& prompt) {
  double known = 0.0;
  double total = 0.0;
  for (const generate::Prompt::Term& term : prompt.terms) {
    total += term.weight;
    if (term.known) known += term.weight;
  }
  return total > 0.0 ? known / total : 0.0;
}

double best_relevance(const generate::Prompt& prompt) {
  double best = 0.0;
  for (const generate::Passage& passage : prompt.passages) best = std::max(best, passage.relevance);
  return std::clamp(best, 0.0, 1.0);
}

}  // namespace

double confidence(const generate::Prompt& prompt, const generate::Draft& draft) {
  if (prompt.passages.empty() || prompt.terms.empty()) return 0.0;
  const double evidence = kSupportShare * std::clamp(draft.support, 0.0, 1.0) +
                          kKnownShare * known_share(prompt) +
                          kRelevanceShare * best_relevance(prompt);
  if (!draft.found) return kNotFoundCeiling * evidence;
  return kNotFoundCeiling + (1.0 - kNotFoundCeiling) * evidence;
}

}  // namespace liquid::rag
