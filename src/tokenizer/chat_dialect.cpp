#include "tokenizer/chat_dialect.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

// A template as far as it is read here:
//
//   template = { text | "{{" code "}}" | "{%" code "%}" | "{#" … "#}" }
//   code     = { string | word | any other character }
//   string   = ' … ' | " … " with \n \t \r \\ \' \"
//
// Text outside of tags must be white space. What a template does is told from the strings and words
// it uses; a string that is in no template of the family means that it does something else.

namespace liquid::tokenizer {
namespace {

constexpr std::array<std::string_view, 47> kKnownStrings{
    "",
    "\n",
    "\n\n",
    ", ",
    "=",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "'",
    "role",
    "content",
    "system",
    "user",
    "assistant",
    "tool",
    "type",
    "text",
    "image",
    "function",
    "name",
    "arguments",
    "thinking",
    "tool_calls",
    "generation",
    "<|im_start|>",
    "<|im_end|>",
    "<|im_end|>\n",
    "<|im_start|>system\n",
    "<|im_start|>assistant\n",
    "system\n",
    "assistant\n",
    "List of tools: <|tool_list_start|>[",
    "]<|tool_list_end|>",
    "List of tools: [",
    "Today's date: ",
    "%Y-%m-%d",
    "\n\nList of tools: ",
    "<|tool_response_start|>",
    "<|tool_response_end|>",
    "<|tool_call_start|>[",
    "]<|tool_call_end|>",
    "<image>",
    "<think>",
    "</think>",
    "CONTINUE_FINAL_MESSAGE_TAG ",
};

struct Parts {
  std::set<std::string, std::less<>> strings;
  std::set<std::string, std::less<>> words;
};

Error unsupported(const std::string& what) {
  return {ErrorCode::unsupported,
          "the chat template is none of LFM2's or LFM2.5's: " + what +
              " (choose a form by hand, lfm2 or lfm2.5, to use one of them in its place)"};
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Reads the string whose quote stands at `at` and moves behind it; false without an end.
bool read_string(std::string_view jinja, std::size_t& at, std::string& value) {
  const char quote = jinja[at];
  for (++at; at < jinja.size() && jinja[at] != quote; ++at) {
    char c = jinja[at];
    if (c == '\\' && at + 1 < jinja.size()) {
      c = jinja[++at];
      if (c == 'n') c = '\n';
      if (c == 't') c = '\t';
      if (c == 'r') c = '\r';
    }
    value.push_back(c);
  }
  return at++ < jinja.size();
}

/// Reads the code of a tag up to `end` and moves behind that; false without an end.
bool read_code(std::string_view jinja, std::size_t& at, std::string_view end, Parts& parts) {
  while (at < jinja.size()) {
    if (jinja.substr(at, end.size()) == end) {
      at += end.size();
      return true;
    }
    if (jinja[at] == '\'' || jinja[at] == '"') {
      std::string value;
      if (!read_string(jinja, at, value)) return false;
      parts.strings.insert(std::move(value));
    } else if (is_word_character(jinja[at])) {
      const std::size_t begin = at;
      while (at < jinja.size() && is_word_character(jinja[at])) ++at;
      parts.words.emplace(jinja.substr(begin, at - begin));
    } else {
      ++at;
    }
  }
  return false;
}

bool read_tag(std::string_view jinja, std::size_t& at, Parts& parts) {
  const char kind = jinja[at + 1];
  at += 2;
  if (kind == '{') return read_code(jinja, at, "}}", parts);
  if (kind == '%') return read_code(jinja, at, "%}", parts);
  const std::size_t end = jinja.find("#}", at);
  at = end + 2;
  return end != std::string_view::npos;
}

Result<Parts> read_parts(std::string_view jinja) {
  constexpr std::string_view kWhiteSpace = " \t\r\n";
  Parts parts;
  for (std::size_t at = 0; at < jinja.size();) {
    const std::string_view two = jinja.substr(at, 2);
    if (two == "{{" || two == "{%" || two == "{#") {
      if (read_tag(jinja, at, parts)) continue;
      return Error{ErrorCode::data_corrupt, "the chat template ends inside a tag or a string"};
    }
    if (kWhiteSpace.find(jinja[at]) == std::string_view::npos) {
      const std::string_view line = jinja.substr(at, jinja.find_first_of("{\n", at) - at);
      return unsupported("it writes '" + std::string(line.substr(0, 40)) + "' outside of a tag");
    }
    ++at;
  }
  return parts;
}

std::string shown(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
    } else {
      text.push_back(c);
    }
  }
  return text;
}

ChatDialect::ToolList tool_list_of(const Parts& parts) {
  if (parts.strings.contains("List of tools: <|tool_list_start|>[")) {
    return ChatDialect::ToolList::tokens;
  }
  if (parts.strings.contains("Today's date: ")) return ChatDialect::ToolList::dated;
  if (parts.strings.contains("List of tools: [")) return ChatDialect::ToolList::plain;
  return ChatDialect::ToolList::none;
}

ChatDialect::Past past_of(const Parts& parts) {
  if (!parts.strings.contains("</think>")) return ChatDialect::Past::none;
  return parts.words.contains("last_user_index") ? ChatDialect::Past::before_last_user
                                                 : ChatDialect::Past::before_last_assistant;
}

}  // namespace

ChatDialect dialect_of(ChatForm form) {
  if (form == ChatForm::lfm2) return {};
  return {.form = ChatForm::lfm2_5,
          .tool_list = ChatDialect::ToolList::dated,
          .past = ChatDialect::Past::before_last_assistant,
          .json_content = ChatDialect::JsonContent::parts,
          .has_thinking = true,
          .wraps_tool_responses = false};
}

Result<ChatDialect> dialect_in(std::string_view jinja) {
  const Result<Parts> parts = read_parts(jinja);
  if (!parts) return parts.error();
  for (const std::string& value : parts->strings) {
    if (std::find(kKnownStrings.begin(), kKnownStrings.end(), value) != kKnownStrings.end()) {
      continue;
    }
    return unsupported("it has '" + shown(value) + "', which neither has");
  }
  for (const std::string_view needed : {"bos_token", "add_generation_prompt", "messages"}) {
    if (!parts->words.contains(needed)) return unsupported("it has no " + std::string(needed));
  }
  if (!parts->strings.contains("<|im_end|>\n")) return unsupported("no turn ends in <|im_end|>");
  ChatDialect dialect;
  dialect.tool_list = tool_list_of(*parts);
  dialect.past = past_of(*parts);
  dialect.has_thinking = parts->words.contains("thinking") || parts->strings.contains("thinking");
  dialect.wraps_tool_responses = parts->strings.contains("<|tool_response_start|>");
  const bool tokens = dialect.tool_list == ChatDialect::ToolList::tokens;
  dialect.form = tokens || dialect.wraps_tool_responses ? ChatForm::lfm2 : ChatForm::lfm2_5;
  if (parts->strings.contains("<image>")) dialect.json_content = ChatDialect::JsonContent::parts;
  if (parts->strings.contains("'")) dialect.quote = '\'';
  if (dialect.past == ChatDialect::Past::before_last_user) {
    dialect.tool_calls = ChatDialect::ToolCalls::behind_content;
  }
  return dialect;
}

}  // namespace liquid::tokenizer
