#pragma once

#include <string_view>

#include "base/result.h"
#include "tokenizer/chat.h"

namespace liquid::tokenizer {

/// What one template does where templates of LFM2's family differ.
struct ChatDialect {
  enum class ToolList {
    none,    ///< The template has no place for tools.
    tokens,  ///< "\nList of tools: <|tool_list_start|>[…]<|tool_list_end|>"
    plain,   ///< "\nList of tools: […]"
    dated,   ///< "\n\nToday's date: D\n\nList of tools: […]"
  };
  /// Which assistant turns are past, so that what they thought may be dropped.
  enum class Past { none, before_last_assistant, before_last_user };
  /// What becomes of content that is no string.
  enum class JsonContent {
    whole,  ///< It is written as JSON.
    parts,  ///< A list: texts, "<image>" for images, everything else as JSON.
  };
  enum class ToolCalls { before_content, behind_content };

  ChatForm form = ChatForm::lfm2;
  ToolList tool_list = ToolList::tokens;
  Past past = Past::none;
  JsonContent json_content = JsonContent::whole;
  ToolCalls tool_calls = ToolCalls::before_content;
  char quote = '"';                  ///< Around strings in the arguments of a tool call.
  bool has_thinking = false;         ///< Writes what a message's `thinking` says.
  bool wraps_tool_responses = true;  ///< In `<|tool_response_start|>` … `<|tool_response_end|>`.

  bool operator==(const ChatDialect&) const = default;
};

/// The dialect of Liquid's own template for a form.
ChatDialect dialect_of(ChatForm form);

/// Reads a Jinja template as far as is needed to tell dialects apart: every text that it writes or
/// compares must be one that a template of the family has. Errors: unsupported (names the first
/// text that none has), data_corrupt (a tag or string without its end).
Result<ChatDialect> dialect_in(std::string_view jinja);

}  // namespace liquid::tokenizer
