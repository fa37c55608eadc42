#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "train/data/json_text.h"
#include "train/data/training_row.h"

namespace liquid::train {

/// A list of turns, `{"role", "content"}` or `{"from", "value"}`, and what hangs on them: tool
/// calls, thinking, `"weight": 0` (a turn that is read but not learnt). Errors: invalid_argument,
/// which names the turn by number, and `field`.
Result<ChatRow> parse_turns(const JsonView& turns, std::string_view field);

/// A list of tools, or a string that holds one as JSON; each as its own JSON text.
Result<std::vector<std::string>> parse_tools(const JsonView& tools);

/// Errors: invalid_argument unless the turns begin with the user's (behind a system turn) and the
/// assistant speaks.
Result<void> check_turn_order(const std::vector<tokenizer::ChatMessage>& turns);

// Errors of fields, spelt alike everywhere.
/// `members` are those of the object that should have it: a null is told from a missing field.
Error missing_field(const std::vector<JsonView::Member>& members, std::string_view field);
Error wrong_kind(std::string_view field, JsonKind got, std::string_view expected);
Error empty_field(std::string_view field);

}  // namespace liquid::train
