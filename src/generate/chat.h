#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "generate/generator.h"

namespace liquid::generate {

/// What every conversation starts with; part of the generator's version.
std::string_view system_prompt();

/// The documents and the question as one message. The documents stand between marks that cannot
/// occur inside them, so that text in a document cannot pass for the question or for an
/// instruction.
std::string user_prompt(const Prompt& prompt);

struct ChatSettings {
  std::string model;
  double temperature = 0.0;
  unsigned max_tokens = 512;
};

/// The JSON body of POST /chat/completions.
std::string chat_request(const ChatSettings& settings, const Prompt& prompt);

/// The text a /chat/completions answer holds, without a reasoning part in <think> marks.
/// Errors: internal (not JSON, no text in it; the message says which).
Result<std::string> chat_text(std::string_view body);

/// "error.message" of an endpoint's error body, shortened; empty when there is none.
std::string chat_error_message(std::string_view body);

/// A model's text with the marks of passages that do not exist taken out.
struct Cited {
  std::string text;
  std::vector<std::size_t> passages;  ///< 0-based, in order of first citation.
};
Cited check_citations(std::string_view text, std::size_t passage_count);

/// True when the model says that the documents hold no answer.
bool says_not_found(const Cited& answer);

}  // namespace liquid::generate
