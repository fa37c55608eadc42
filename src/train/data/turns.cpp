#include "train/data/turns.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

// turn       = { role-field: role, text-field: content, …}
// role-field = "role" | "from"        text-field = "content" | "value"
// content    = string | null | [ part, … ] | any other JSON (role tool only)
// part       = { "type": "text", "text": string } | string
// tool_calls = [ call, … ], or in the older form "function_call": call
// call       = { "function": call } | { "name": string, "arguments": object | string }
//
// A turn of ShareGPT's role "function_call" is the assistant's and holds one call, or a list of
// them, as JSON in its text.

namespace liquid::train {
namespace {

using tokenizer::ChatMessage;
using tokenizer::ContentForm;
using tokenizer::ToolCall;
using Members = std::vector<JsonView::Member>;

Error bad(std::string message) { return Error{ErrorCode::invalid_argument, std::move(message)}; }

struct RoleName {
  std::string_view written;
  std::string_view role;
};

constexpr std::string_view kFunctionCall = "function_call";
constexpr std::array kRoles = {
    RoleName{"system", "system"},       RoleName{"developer", "system"},
    RoleName{"user", "user"},           RoleName{"human", "user"},
    RoleName{"assistant", "assistant"}, RoleName{"gpt", "assistant"},
    RoleName{"model", "assistant"},     RoleName{"chatgpt", "assistant"},
    RoleName{"bot", "assistant"},       RoleName{kFunctionCall, "assistant"},
    RoleName{"tool", "tool"},           RoleName{"observation", "tool"},
    RoleName{"function", "tool"},       RoleName{"function_response", "tool"}};

std::optional<std::string_view> role_of(std::string_view written) {
  const auto* const found = std::find_if(
      kRoles.begin(), kRoles.end(), [&](const RoleName& one) { return one.written == written; });
  if (found == kRoles.end()) return std::nullopt;
  return found->role;
}

Result<std::string> joined_parts(const JsonView& content) {
  std::string text;
  std::size_t number = 0;
  for (const JsonView& part : content.elements()) {
    const std::string name = "part " + std::to_string(++number) + " of the content";
    if (number > 1) text += '\n';
    if (part.is(JsonKind::string)) {
      text += part.string();
      continue;
    }
    if (!part.is(JsonKind::object)) return wrong_kind(name, part.kind(), "an object or a string");
    const Members members = part.members();
    const std::optional<JsonView> type = find(members, "type");
    if (type && type->is(JsonKind::string) && type->string() != "text") {
      return bad(name + " is of type \"" + type->string() + "\"; only text can be trained");
    }
    const std::optional<JsonView> piece = find(members, "text");
    if (!piece) return missing_field(members, "text").with_context(name);
    if (!piece->is(JsonKind::string)) {
      return wrong_kind("\"text\" in " + name, piece->kind(), "a string");
    }
    text += piece->string();
  }
  return text;
}

bool is_list_of_parts(const JsonView& content) {
  if (!content.is(JsonKind::array)) return false;
  const std::vector<JsonView> parts = content.elements();
  return std::all_of(parts.begin(), parts.end(), [](const JsonView& part) {
    return part.is(JsonKind::object) && find(part.members(), "type");
  });
}

Result<void> take_content(const std::optional<JsonView>& content, ChatMessage& message) {
  if (!content) {
    message.form = ContentForm::absent;
    return {};
  }
  if (content->is(JsonKind::string)) {
    message.content = content->string();
    return {};
  }
  const bool is_tool = message.role == "tool";
  if (is_tool && !is_list_of_parts(*content)) {
    message.content = std::string(content->text());
    message.form = ContentForm::json;
    return {};
  }
  if (!content->is(JsonKind::array)) {
    return wrong_kind("the content", content->kind(), "a string or a list of parts");
  }
  Result<std::string> text = joined_parts(*content);
  if (!text) return std::move(text).error();
  message.content = std::move(*text);
  return {};
}

// `arguments` as the text of an object, whether it was written as one or as a string that holds it.
Result<std::string> arguments_text(const std::optional<JsonView>& arguments) {
  if (!arguments) return std::string("{}");
  if (arguments->is(JsonKind::object)) return std::string(arguments->text());
  if (!arguments->is(JsonKind::string)) {
    return wrong_kind("\"arguments\"", arguments->kind(), "an object, or a string with one");
  }
  std::string text = arguments->string();
  if (text.empty()) return std::string("{}");
  const JsonView::Parsed parsed = JsonView::parse(text);
  if (!parsed.value) return bad("\"arguments\" is no JSON: " + parsed.fault.reason);
  if (!parsed.value->is(JsonKind::object)) {
    return wrong_kind("\"arguments\"", parsed.value->kind(), "an object");
  }
  return text;
}

Result<ToolCall> parse_call(const JsonView& call) {
  if (!call.is(JsonKind::object)) return wrong_kind("it", call.kind(), "an object");
  Members members = call.members();
  const std::optional<JsonView> function = find(members, "function");
  if (function) {
    if (!function->is(JsonKind::object)) {
      return wrong_kind("\"function\"", function->kind(), "an object");
    }
    members = function->members();
  }
  const std::optional<JsonView> name = find(members, "name");
  if (!name) return missing_field(members, "name");
  if (!name->is(JsonKind::string)) return wrong_kind("\"name\"", name->kind(), "a string");
  Result<std::string> arguments = arguments_text(find(members, "arguments"));
  if (!arguments) return std::move(arguments).error();
  return ToolCall{name->string(), std::move(*arguments)};
}

Result<std::vector<ToolCall>> parse_calls(const JsonView& calls) {
  if (calls.is(JsonKind::object)) {
    Result<ToolCall> call = parse_call(calls);
    if (!call) return std::move(call).error().with_context("tool call");
    return std::vector<ToolCall>{std::move(*call)};
  }
  if (!calls.is(JsonKind::array)) {
    return wrong_kind("\"tool_calls\"", calls.kind(), "a list of calls");
  }
  std::vector<ToolCall> all;
  for (const JsonView& one : calls.elements()) {
    Result<ToolCall> call = parse_call(one);
    if (!call) {
      return std::move(call).error().with_context("tool call " + std::to_string(all.size() + 1));
    }
    all.push_back(std::move(*call));
  }
  return all;
}

// ShareGPT: the calls stand as JSON in the text of the turn.
Result<void> take_written_calls(ChatMessage& message) {
  const JsonView::Parsed parsed = JsonView::parse(message.content);
  if (!parsed.value) {
    return bad("the text of a \"function_call\" turn is no JSON: " + parsed.fault.reason);
  }
  Result<std::vector<ToolCall>> calls = parse_calls(*parsed.value);
  if (!calls) return std::move(calls).error();
  message.tool_calls = std::move(*calls);
  message.content.clear();
  message.form = ContentForm::absent;
  return {};
}

Result<void> take_assistant_fields(const Members& members, ChatMessage& message) {
  std::optional<JsonView> calls = find(members, "tool_calls");
  if (!calls) calls = find(members, "function_call");
  if (calls) {
    Result<std::vector<ToolCall>> parsed = parse_calls(*calls);
    if (!parsed) return std::move(parsed).error();
    message.tool_calls = std::move(*parsed);
  }
  for (const std::string_view name : {"reasoning_content", "thinking"}) {
    const std::optional<JsonView> thinking = find(members, name);
    if (!thinking) continue;
    if (!thinking->is(JsonKind::string)) {
      return wrong_kind("\"" + std::string(name) + "\"", thinking->kind(), "a string");
    }
    message.thinking = thinking->string();
  }
  return {};
}

Result<std::string> written_role(const Members& members) {
  std::optional<JsonView> role = find(members, "role");
  if (!role) role = find(members, "from");
  if (!role) return missing_field(members, "role");
  if (!role->is(JsonKind::string)) return wrong_kind("\"role\"", role->kind(), "a string");
  return role->string();
}

Result<ChatMessage> parse_turn(const Members& members) {
  Result<std::string> written = written_role(members);
  if (!written) return std::move(written).error();
  const std::optional<std::string_view> role = role_of(*written);
  if (!role) {
    return bad("unknown role \"" + *written + "\"; expected system, user, assistant or tool");
  }
  ChatMessage message;
  message.role = std::string(*role);
  std::optional<JsonView> content = find(members, "content");
  if (!content) content = find(members, "value");
  if (Result<void> taken = take_content(content, message); !taken) return std::move(taken).error();
  if (message.role == "assistant") {
    if (Result<void> taken = take_assistant_fields(members, message); !taken)
      return std::move(taken).error();
  }
  if (*written == kFunctionCall && message.tool_calls.empty()) {
    if (Result<void> taken = take_written_calls(message); !taken) return std::move(taken).error();
  }
  if (message.form == ContentForm::absent && message.tool_calls.empty()) {
    return missing_field(members, find(members, "from") ? "value" : "content");
  }
  return message;
}

// OpenAI's fine-tuning form: "weight": 0 keeps a turn of the assistant out of the loss.
Result<std::uint8_t> weight_of(const Members& members) {
  const std::optional<JsonView> weight = find(members, "weight");
  if (!weight) return std::uint8_t{1};
  if (weight->text() == "1" || weight->text() == "1.0") return std::uint8_t{1};
  if (weight->text() == "0" || weight->text() == "0.0") return std::uint8_t{0};
  return bad("\"weight\" is " + std::string(weight->text().substr(0, 20)) + ", expected 0 or 1");
}

}  // namespace

Error missing_field(const Members& members, std::string_view field) {
  const bool is_null = std::any_of(members.begin(), members.end(),
                                   [field](const auto& member) { return member.key == field; });
  const std::string name = "\"" + std::string(field) + "\"";
  return bad(is_null ? name + " is null" : "no field " + name);
}

Error wrong_kind(std::string_view field, JsonKind got, std::string_view expected) {
  return bad(std::string(field) + " is " + std::string(json_kind_name(got)) + ", expected " +
             std::string(expected));
}

Error empty_field(std::string_view field) { return bad("\"" + std::string(field) + "\" is empty"); }

Result<ChatRow> parse_turns(const JsonView& turns, std::string_view field) {
  const std::string name = "\"" + std::string(field) + "\"";
  if (!turns.is(JsonKind::array)) return wrong_kind(name, turns.kind(), "a list of turns");
  ChatRow row;
  for (const JsonView& turn : turns.elements()) {
    const std::string where =
        "turn " + std::to_string(row.conversation.messages.size() + 1) + " of " + name;
    if (!turn.is(JsonKind::object)) return wrong_kind(where, turn.kind(), "an object");
    const Members members = turn.members();
    Result<ChatMessage> message = parse_turn(members);
    if (!message) return std::move(message).error().with_context(where);
    if (message->role == "assistant") {
      const Result<std::uint8_t> weight = weight_of(members);
      if (!weight) return Error(weight.error()).with_context(where);
      row.trained_turns.push_back(*weight);
    }
    row.conversation.messages.push_back(std::move(*message));
  }
  if (row.conversation.messages.empty()) return empty_field(field);
  return row;
}

Result<std::vector<std::string>> parse_tools(const JsonView& tools) {
  if (tools.is(JsonKind::string)) {
    const std::string text = tools.string();
    if (text.empty()) return std::vector<std::string>();
    const JsonView::Parsed parsed = JsonView::parse(text);
    if (!parsed.value) return bad("\"tools\" is a string that is no JSON: " + parsed.fault.reason);
    if (parsed.value->is(JsonKind::string)) return bad("\"tools\" is a string within a string");
    return parse_tools(*parsed.value);
  }
  if (!tools.is(JsonKind::array)) return wrong_kind("\"tools\"", tools.kind(), "a list");
  std::vector<std::string> all;
  for (const JsonView& tool : tools.elements()) {
    if (!tool.is(JsonKind::object)) {
      return wrong_kind("tool " + std::to_string(all.size() + 1), tool.kind(), "an object");
    }
    all.emplace_back(tool.text());
  }
  return all;
}

Result<void> check_turn_order(const std::vector<ChatMessage>& turns) {
  const std::size_t first = !turns.empty() && turns.front().role == "system" ? 1 : 0;
  if (first == turns.size()) return bad("no turn but the system's");
  if (turns[first].role != "user") {
    return bad("turn " + std::to_string(first + 1) + " is the " + turns[first].role +
               "'s; the first turn" + (first == 1 ? " after the system's" : "") +
               " must be the user's");
  }
  const bool answered = std::any_of(
      turns.begin(), turns.end(), [](const ChatMessage& turn) { return turn.role == "assistant"; });
  if (!answered) return bad("the assistant never speaks: nothing to learn");
  return {};
}

}  // namespace liquid::train
