#include "train/data/training_row.h"

#include <algorithm>
#include <array>

#include "train/data/turns.h"

// alpaca            = { "instruction", "input"?, "output", "system"?, "history"?: [ pair, … ] }
//                     pair = [ user, assistant ]
//                     ("context" is another name of input, "response" of output)
// sharegpt          = { "conversations": turns, "system"?, "tools"? }
// messages          = { "messages": turns, "tools"? }
// prompt_completion = { "prompt", "completion", "tools"? }   both strings, or both turns
// text              = { "text" }

namespace liquid::train {
namespace {

using tokenizer::ChatMessage;
using Members = std::vector<JsonView::Member>;

Error bad(std::string message) { return Error{ErrorCode::invalid_argument, std::move(message)}; }

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::string quoted(std::string_view field) { return "\"" + std::string(field) + "\""; }

/// A string field that may be missing.
Result<std::string> optional_text(const Members& row, std::string_view field) {
  const std::optional<JsonView> value = find(row, field);
  if (!value) return std::string();
  if (!value->is(JsonKind::string)) return wrong_kind(quoted(field), value->kind(), "a string");
  return value->string();
}

/// The first of the names that the row has; it must hold some text.
Result<std::string> required_text(const Members& row, std::string_view field,
                                  std::string_view other_name) {
  const std::string_view name = !other_name.empty() && !find(row, field) ? other_name : field;
  if (!find(row, name)) return missing_field(row, field);
  Result<std::string> text = optional_text(row, name);
  if (text && is_blank(*text)) return empty_field(name);
  return text;
}

Result<void> take_tools(const Members& row, ChatRow& chat) {
  const std::optional<JsonView> tools = find(row, "tools");
  if (!tools) return {};
  Result<std::vector<std::string>> parsed = parse_tools(*tools);
  if (!parsed) return std::move(parsed).error();
  chat.conversation.tools = std::move(*parsed);
  return {};
}

Result<void> take_system(const Members& row, ChatRow& chat) {
  Result<std::string> system = optional_text(row, "system");
  if (!system) return std::move(system).error();
  std::vector<ChatMessage>& messages = chat.conversation.messages;
  const bool has_one = !messages.empty() && messages.front().role == "system";
  if (!system->empty() && !has_one) messages.insert(messages.begin(), {"system", *system});
  return {};
}

Result<std::string> history_text(const JsonView& value) {
  if (!value.is(JsonKind::string)) {
    return wrong_kind("an entry of \"history\"", value.kind(), "a string");
  }
  return value.string();
}

Result<void> take_history(const Members& row, ChatRow& chat) {
  const std::optional<JsonView> history = find(row, "history");
  if (!history) return {};
  if (!history->is(JsonKind::array)) {
    return wrong_kind("\"history\"", history->kind(), "a list of [user, assistant]");
  }
  for (const JsonView& pair : history->elements()) {
    if (!pair.is(JsonKind::array) || pair.elements().size() != 2) {
      return bad("an entry of \"history\" is not [user, assistant]");
    }
    const std::vector<JsonView> texts = pair.elements();
    Result<std::string> user = history_text(texts[0]);
    if (!user) return std::move(user).error();
    Result<std::string> assistant = history_text(texts[1]);
    if (!assistant) return std::move(assistant).error();
    chat.conversation.messages.push_back({"user", std::move(*user)});
    chat.conversation.messages.push_back({"assistant", std::move(*assistant)});
    chat.trained_turns.push_back(1);
  }
  return {};
}

Result<TrainingRow> parse_alpaca(const Members& row) {
  Result<std::string> instruction = required_text(row, "instruction", "");
  if (!instruction) return std::move(instruction).error();
  Result<std::string> input = optional_text(row, find(row, "input") ? "input" : "context");
  if (!input) return std::move(input).error();
  Result<std::string> output = required_text(row, "output", "response");
  if (!output) return std::move(output).error();
  ChatRow chat;
  if (Result<void> taken = take_history(row, chat); !taken) return std::move(taken).error();
  if (Result<void> taken = take_system(row, chat); !taken) return std::move(taken).error();
  if (!input->empty()) *instruction += "\n" + *input;
  chat.conversation.messages.push_back({"user", std::move(*instruction)});
  chat.conversation.messages.push_back({"assistant", std::move(*output)});
  chat.trained_turns.push_back(1);
  return TrainingRow(std::move(chat));
}

Result<TrainingRow> parse_chat(const Members& row, std::string_view field) {
  const std::optional<JsonView> turns = find(row, field);
  if (!turns) return missing_field(row, field);
  Result<ChatRow> chat = parse_turns(*turns, field);
  if (!chat) return std::move(chat).error();
  if (Result<void> taken = take_system(row, *chat); !taken) return std::move(taken).error();
  if (Result<void> taken = take_tools(row, *chat); !taken) return std::move(taken).error();
  if (Result<void> order = check_turn_order(chat->conversation.messages); !order)
    return std::move(order).error();
  return TrainingRow(std::move(*chat));
}

// The prompt's turns carry no loss, whoever speaks.
Result<TrainingRow> parse_chat_completion(const Members& row, const JsonView& prompt,
                                          const JsonView& completion) {
  Result<ChatRow> chat = parse_turns(prompt, "prompt");
  if (!chat) return std::move(chat).error();
  Result<ChatRow> rest = parse_turns(completion, "completion");
  if (!rest) return std::move(rest).error();
  std::fill(chat->trained_turns.begin(), chat->trained_turns.end(), std::uint8_t{0});
  chat->trained_turns.insert(chat->trained_turns.end(), rest->trained_turns.begin(),
                             rest->trained_turns.end());
  std::vector<ChatMessage>& messages = chat->conversation.messages;
  std::move(rest->conversation.messages.begin(), rest->conversation.messages.end(),
            std::back_inserter(messages));
  if (Result<void> taken = take_tools(row, *chat); !taken) return std::move(taken).error();
  if (Result<void> order = check_turn_order(messages); !order) return std::move(order).error();
  if (rest->trained_turns.empty()) {
    return bad("the assistant never speaks in \"completion\": nothing to learn");
  }
  return TrainingRow(std::move(*chat));
}

Result<TrainingRow> parse_prompt_completion(const Members& row) {
  const std::optional<JsonView> prompt = find(row, "prompt");
  if (!prompt) return missing_field(row, "prompt");
  const std::optional<JsonView> completion = find(row, "completion");
  if (!completion) return missing_field(row, "completion");
  if (prompt->is(JsonKind::array) && completion->is(JsonKind::array)) {
    return parse_chat_completion(row, *prompt, *completion);
  }
  const bool both_lists_or_strings = prompt->kind() == completion->kind();
  if (!prompt->is(JsonKind::string) && !prompt->is(JsonKind::array)) {
    return wrong_kind("\"prompt\"", prompt->kind(), "a string or a list of turns");
  }
  if (!both_lists_or_strings) {
    return wrong_kind("\"completion\"", completion->kind(),
                      prompt->is(JsonKind::string) ? "a string, as the prompt is"
                                                   : "a list of turns, as the prompt is");
  }
  CompletionRow texts{prompt->string(), completion->string()};
  if (texts.completion.empty()) return empty_field("completion");
  return TrainingRow(std::move(texts));
}

Result<TrainingRow> parse_text(const Members& row) {
  Result<std::string> text = required_text(row, "text", "");
  if (!text) return std::move(text).error();
  return TrainingRow(TextRow{std::move(*text)});
}

std::string_view turns_field(const Members& row, std::string_view field,
                             std::string_view other_name) {
  return !find(row, field) && find(row, other_name) ? other_name : field;
}

}  // namespace

std::optional<RowFormat> format_by_keys(const JsonView& row) {
  if (!row.is(JsonKind::object)) return std::nullopt;
  const Members members = row.members();
  const auto has = [&members](std::string_view key) { return find(members, key).has_value(); };
  if (has("messages")) return RowFormat::messages;
  if (has("conversations") || has("conversation")) return RowFormat::sharegpt;
  if (has("prompt") && has("completion")) return RowFormat::prompt_completion;
  if (has("instruction") && (has("output") || has("response"))) return RowFormat::alpaca;
  if (has("text")) return RowFormat::text;
  return std::nullopt;
}

Result<TrainingRow> parse_training_row(const JsonView& row, RowFormat format) {
  if (!row.is(JsonKind::object)) return wrong_kind("the row", row.kind(), "an object");
  const Members members = row.members();
  if (members.empty()) return bad("the row is empty");
  switch (format) {
    case RowFormat::alpaca: return parse_alpaca(members);
    case RowFormat::sharegpt:
      return parse_chat(members, turns_field(members, "conversations", "conversation"));
    case RowFormat::messages: return parse_chat(members, "messages");
    case RowFormat::prompt_completion: return parse_prompt_completion(members);
    case RowFormat::detect:
    case RowFormat::text: break;
  }
  return parse_text(members);
}

}  // namespace liquid::train
