#include "tokenizer/chat_text.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

#include "base/unicode.h"
#include "tokenizer/json_text.h"
#include "tokenizer/repair_utf8.h"
#include "tokenizer/unicode_classes.h"

// chat      = bos [ "<|im_start|>system\n" system "<|im_end|>\n" ] { turn }
//             [ "<|im_start|>assistant\n" ]
// turn      = "<|im_start|>" role "\n" body "<|im_end|>\n"
// system    = content of a first system message, then the tools (ToolList in chat_dialect.h)
// body      = content | "<|tool_response_start|>" content "<|tool_response_end|>"
//           | [ "<think>" thinking "</think>" ] [ calls ] content [ calls ]
// calls     = "<|tool_call_start|>[" name "(" [ key "=" value { ", " key "=" value } ] ")" …
// "]<|tool_call_end|>"

namespace liquid::tokenizer {
namespace {

constexpr std::string_view kEndOfTurn = "<|im_end|>\n";

Error refused(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

bool is_python_space(char32_t value) {
  return (value >= 0x1C && value <= 0x1F) || (UnicodeClasses::table()[value] & kSpace) != 0;
}

/// Python's str.strip(); `text` must be UTF-8.
std::string_view stripped(std::string_view text) {
  while (!text.empty()) {
    const Scalar first = scalar_at(text, 0);
    if (!is_python_space(first.value)) break;
    text.remove_prefix(first.length);
  }
  while (!text.empty()) {
    const std::size_t last = start_of_last_scalar(text, text.size());
    if (!is_python_space(scalar_at(text, last).value)) break;
    text = text.substr(0, last);
  }
  return text;
}

std::string_view without_thinking(std::string_view content) {
  constexpr std::string_view kEnd = "</think>";
  const std::size_t last = content.rfind(kEnd);
  if (last == std::string_view::npos) return content;
  return stripped(content.substr(last + kEnd.size()));
}

std::string well_formed(const std::string& text) {
  return is_valid_utf8(text) ? text : repair_utf8(text);
}

std::chrono::year_month_day today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm local{};
  localtime_r(&now, &local);
  return std::chrono::year{local.tm_year + 1900} /
         std::chrono::month{static_cast<unsigned>(local.tm_mon) + 1} /
         std::chrono::day{static_cast<unsigned>(local.tm_mday)};
}

std::string date_text(std::chrono::year_month_day date) {
  std::array<char, 32> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string part_text(const JsonText& part) {
  if (part.kind() != JsonText::Kind::object) return part.dumped();
  const std::optional<std::string> type = part.text_of("type");
  if (type == "image") return "<image>";
  const std::optional<std::string> text = part.text_of("text");
  return type == "text" && text ? *text : part.dumped();
}

class ChatWriter {
 public:
  ChatWriter(const ChatDialect& dialect, const Conversation& conversation,
             const RenderOptions& options)
      : dialect_(dialect), conversation_(conversation), options_(options) {}

  Result<ChatText> write(std::string_view bos) {
    chat_.text = bos;
    const std::vector<ChatMessage>& messages = conversation_.messages;
    const bool has_system = !messages.empty() && messages.front().role == "system";
    first_turn_ = has_system ? 1 : 0;
    find_past();
    if (const Result<void> done = write_system(has_system); !done) return done.error();
    for (std::size_t i = first_turn_; i < messages.size(); ++i) {
      const Result<void> done = write_turn(i);
      if (!done) return Error(done.error()).with_context("message " + std::to_string(i + 1));
    }
    if (options_.generation_prompt == GenerationPrompt::add) put("<|im_start|>assistant\n");
    return std::move(chat_);
  }

 private:
  void put(std::string_view text) { chat_.text.append(text); }

  /// What a person may have written.
  void put_foreign(std::string_view text) {
    const std::size_t begin = chat_.text.size();
    put(text);
    if (options_.special == SpecialInContent::literal && !text.empty()) {
      chat_.literal.push_back({begin, chat_.text.size()});
    }
  }

  /// Sets the number of the first assistant turn that is not past.
  void find_past() {
    if (dialect_.past == ChatDialect::Past::none || options_.past_thinking == PastThinking::keep) {
      return;
    }
    const bool user = dialect_.past == ChatDialect::Past::before_last_user;
    const std::string_view role = user ? "user" : "assistant";
    for (std::size_t i = first_turn_; i < conversation_.messages.size(); ++i) {
      if (conversation_.messages[i].role == role) first_present_ = user ? i + 1 : i;
    }
  }

  Result<std::string> content_of(const ChatMessage& message) const {
    if (message.form == ContentForm::text) return well_formed(message.content);
    const bool calls = message.role == "assistant" && !message.tool_calls.empty();
    if (message.form == ContentForm::absent) {
      if (calls) return std::string();
      return refused("has no content");
    }
    const Result<JsonText> json = JsonText::parse(well_formed(message.content));
    if (!json) return Error(json.error()).with_context("content");
    if (calls && json->kind() == JsonText::Kind::null) return std::string();
    if (json->kind() == JsonText::Kind::string) return json->string();
    if (dialect_.json_content == ChatDialect::JsonContent::whole) return json->dumped();
    if (json->kind() != JsonText::Kind::array) {
      return refused("content is neither a text nor a list of parts");
    }
    std::string text;
    for (const JsonText& part : json->elements()) text += part_text(part);
    return text;
  }

  Result<std::string> tool_list() const {
    std::string list;
    const bool dated = dialect_.tool_list == ChatDialect::ToolList::dated;
    for (std::size_t i = 0; i < conversation_.tools.size(); ++i) {
      const Result<JsonText> tool = JsonText::parse(well_formed(conversation_.tools[i]));
      if (!tool) return Error(tool.error()).with_context("tool " + std::to_string(i + 1));
      const bool as_is = tool->kind() == JsonText::Kind::string && !dated;
      list += (i == 0 ? "" : ", ") + (as_is ? tool->string() : tool->dumped());
    }
    return list;
  }

  Result<void> put_tools(std::string_view between) {
    const Result<std::string> list = tool_list();
    if (!list) return list.error();
    const std::string_view blank_line = between.empty() ? "" : "\n\n";
    switch (dialect_.tool_list) {
      case ChatDialect::ToolList::none: return refused("the chat template has no place for tools");
      case ChatDialect::ToolList::tokens:
        put(std::string(between) + "List of tools: <|tool_list_start|>[");
        put_foreign(*list);
        put("]<|tool_list_end|>");
        return {};
      case ChatDialect::ToolList::plain: put(std::string(between) + "List of tools: ["); break;
      case ChatDialect::ToolList::dated:
        put(std::string(blank_line) + "Today's date: " +
            date_text(options_.date ? *options_.date : today()) + "\n\nList of tools: [");
        break;
    }
    put_foreign(*list);
    put("]");
    return {};
  }

  Result<void> write_system(bool has_message) {
    std::string content;
    if (has_message && conversation_.messages.front().form != ContentForm::absent) {
      Result<std::string> given = content_of(conversation_.messages.front());
      if (!given) return std::move(given).error().with_context("message 1");
      content = *std::move(given);
    }
    if (content.empty() && conversation_.tools.empty()) return {};
    put("<|im_start|>system\n");
    put_foreign(content);
    if (!conversation_.tools.empty()) {
      const Result<void> done = put_tools(content.empty() ? "" : "\n");
      if (!done) return done.error();
    }
    put(kEndOfTurn);
    return {};
  }

  Result<void> write_turn(std::size_t number) {
    const ChatMessage& message = conversation_.messages[number];
    const Result<std::string> content = content_of(message);
    if (!content) return content.error();
    put("<|im_start|>");
    if (message.role == "assistant") {
      put("assistant\n");
      const std::size_t begin = chat_.text.size();
      const Result<void> done = put_assistant(message, *content, number < first_present_);
      if (!done) return done.error();
      put(kEndOfTurn);
      chat_.assistant.push_back({begin, chat_.text.size()});
      return {};
    }
    put_foreign(well_formed(message.role));
    put("\n");
    const bool wrapped = message.role == "tool" && dialect_.wraps_tool_responses;
    if (wrapped) put("<|tool_response_start|>");
    put_foreign(*content);
    if (wrapped) put("<|tool_response_end|>");
    put(kEndOfTurn);
    return {};
  }

  Result<void> put_assistant(const ChatMessage& message, std::string_view content, bool is_past) {
    const Result<std::string> calls = calls_of(message);
    if (!calls) return calls.error();
    if (message.thinking && !dialect_.has_thinking) {
      return refused("has 'thinking', which this chat template has no place for");
    }
    if (message.thinking && !is_past) {
      put("<think>");
      put(well_formed(*message.thinking));
      put("</think>");
    }
    const bool calls_first = dialect_.tool_calls == ChatDialect::ToolCalls::before_content;
    if (calls_first) put(*calls);
    put(is_past ? without_thinking(content) : content);
    if (!calls_first) put(*calls);
    return {};
  }

  Result<std::string> calls_of(const ChatMessage& message) const {
    std::string calls;
    for (std::size_t i = 0; i < message.tool_calls.size(); ++i) {
      const Result<std::string> call = call_text(message.tool_calls[i]);
      if (!call) return Error(call.error()).with_context("tool call " + std::to_string(i + 1));
      calls += (i == 0 ? "" : ", ") + *call;
    }
    return calls.empty() ? calls : "<|tool_call_start|>[" + calls + "]<|tool_call_end|>";
  }

  /// name(key="text", other=3): a call as Python writes it.
  Result<std::string> call_text(const ToolCall& call) const {
    const Result<JsonText> arguments = JsonText::parse(well_formed(call.arguments));
    if (!arguments) return Error(arguments.error()).with_context("arguments");
    if (arguments->kind() != JsonText::Kind::object) return refused("arguments are no object");
    std::string list;
    for (const auto& [key, value] : arguments->members()) {
      list += (list.empty() ? "" : ", ") + key + "=" + argument_text(value);
    }
    return well_formed(call.name) + "(" + list + ")";
  }

  std::string argument_text(const JsonText& value) const {
    const std::string quote(1, dialect_.quote);
    if (value.kind() == JsonText::Kind::string) return quote + value.string() + quote;
    return value.kind() == JsonText::Kind::object ? value.dumped() : value.str();
  }

  const ChatDialect& dialect_;
  const Conversation& conversation_;
  const RenderOptions& options_;
  ChatText chat_;
  std::size_t first_turn_ = 0;     // a leading system message is none
  std::size_t first_present_ = 0;  // assistant turns before it lose their thoughts
};

}  // namespace

Result<ChatText> write_chat(const ChatDialect& dialect, std::string_view bos,
                            const Conversation& conversation, const RenderOptions& options) {
  return ChatWriter(dialect, conversation, options).write(bos);
}

}  // namespace liquid::tokenizer
