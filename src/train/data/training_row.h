#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "tokenizer/chat.h"
#include "train/data/dataset.h"
#include "train/data/json_text.h"

namespace liquid::train {

/// A conversation; which of the assistant's turns carry loss, in order.
struct ChatRow {
  tokenizer::Conversation conversation;
  std::vector<std::uint8_t> trained_turns;  ///< one for each message of role "assistant"
  bool operator==(const ChatRow&) const = default;
};

/// Text without a chat form; loss on the completion and the end token behind it.
struct CompletionRow {
  std::string prompt;
  std::string completion;
  bool operator==(const CompletionRow&) const = default;
};

/// Text that is learnt from its first to its last token.
struct TextRow {
  std::string text;
  bool operator==(const TextRow&) const = default;
};

using TrainingRow = std::variant<ChatRow, CompletionRow, TextRow>;

/// The format a row looks like by its keys; nothing when it fits none.
std::optional<RowFormat> format_by_keys(const JsonView& row);

/// `format` must be a real one, not `detect`. Errors: invalid_argument; the message is the reason a
/// user reads: the field by its name, what is wrong with it and what was expected.
Result<TrainingRow> parse_training_row(const JsonView& row, RowFormat format);

}  // namespace liquid::train
