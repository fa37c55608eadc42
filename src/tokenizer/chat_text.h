#pragma once

#include <string>
#include <vector>

#include "tokenizer/chat.h"
#include "tokenizer/chat_dialect.h"

namespace liquid::tokenizer {

/// A rendered conversation before it becomes tokens.
struct ChatText {
  std::string text;
  std::vector<TextRange> assistant;  ///< What the assistant says, ends of its turns included.
  std::vector<TextRange> literal;    ///< Where special tokens are ordinary text.
};

/// Writes a conversation as the dialect's template does; `bos` is put first. Errors: as
/// `ChatTemplate::render`.
Result<ChatText> write_chat(const ChatDialect& dialect, std::string_view bos,
                            const Conversation& conversation, const RenderOptions& options);

}  // namespace liquid::tokenizer
