#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace liquid::generate {

/// A piece of evidence handed to the generator; cited as [1], [2], … by its position.
struct Passage {
  std::string path;  ///< Where it stands; its words count as context ("nginx/http/…").
  std::string title;
  std::string section;
  std::string text;
  double relevance = 0.0;  ///< 0..1, see search::Hit.
};

struct Prompt {
  std::string question;
  std::vector<Passage> passages;
  /// Words of the question with their weight (idf), stop words left out.
  struct Term {
    std::string surface;
    std::string term;
    double weight = 0.0;
    bool known = true;
  };
  std::vector<Term> terms;
};

struct Draft {
  std::string text;                ///< With citation marks [n].
  std::vector<std::size_t> cited;  ///< 0-based passages, in order of first citation; no duplicates.
  bool found = false;              ///< False: nothing in the passages answers the question.
  double support = 0.0;            ///< 0..1: how well the cited passages cover the question.
};

/// The text of every draft with `found` false.
inline constexpr const char* kNothingFound =
    "I found nothing in the documents that answers this question.";

/// Passages → answer. Blocking; called on worker threads, from several at once.
class Generator {
 public:
  virtual ~Generator() = default;
  /// Errors: unavailable (endpoint down, circuit open), deadline_exceeded, unauthenticated,
  /// resource_exhausted (429 that stayed), internal (answer not understood).
  virtual Result<Draft> generate(const Prompt& prompt) const = 0;
  /// Digest of everything that shapes its answers (kind, model, prompt template, settings).
  virtual Digest version() const = 0;
  /// "extractive" or "openai:<model>".
  virtual std::string name() const = 0;
  /// Empty when ready, otherwise one sentence that says what is wrong. Never blocks.
  virtual std::string trouble() const { return {}; }
};

}  // namespace liquid::generate
