#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokenizer/tokenizer.h"

namespace liquid::tokenizer {

/// How the content of a message was given.
enum class ContentForm {
  text,    ///< A string.
  json,    ///< Anything else, as its JSON text. `null` beside tool calls is no content.
  absent,  ///< The message has no content (an assistant that only calls tools).
};

struct ToolCall {
  std::string name;
  std::string arguments = "{}";  ///< The JSON text of an object.
  bool operator==(const ToolCall&) const = default;
};

/// One turn. `thinking` and `tool_calls` count for role "assistant" only.
struct ChatMessage {
  std::string role =
      {};  ///< "system", "user", "assistant", "tool"; others are written as they are.
  std::string content = {};
  ContentForm form = ContentForm::text;
  std::optional<std::string> thinking = std::nullopt;
  std::vector<ToolCall> tool_calls = {};
  bool operator==(const ChatMessage&) const = default;
};

struct Conversation {
  std::vector<ChatMessage> messages;
  std::vector<std::string> tools = {};  ///< The JSON text of each tool.
  bool operator==(const Conversation&) const = default;
};

/// The forms of chat text that LFM2 models were trained with (README.md of this room).
enum class ChatForm { lfm2, lfm2_5 };

/// "lfm2", "lfm2.5".
std::string_view chat_form_name(ChatForm form);
/// Nothing when no form has this name.
std::optional<ChatForm> chat_form_named(std::string_view name);

enum class GenerationPrompt { leave_out, add };
enum class PastThinking { drop, keep };

/// Whether a special token that somebody wrote into a message counts as one.
enum class SpecialInContent {
  recognised,  ///< As Hugging Face does: a user can end their own turn by writing `<|im_end|>`.
  literal,     ///< Strict: ordinary text in every turn but the assistant's, and in tools.
};

struct RenderOptions {
  GenerationPrompt generation_prompt = GenerationPrompt::leave_out;
  SpecialInContent special = SpecialInContent::recognised;
  /// LFM2.5: whether what earlier assistant turns thought stays in the text.
  PastThinking past_thinking = PastThinking::drop;
  /// The day that LFM2.5 tells the model beside a list of tools; today (local time) when absent,
  /// which makes the text differ from day to day.
  std::optional<std::chrono::year_month_day> date = std::nullopt;
};

struct RenderedChat {
  std::string text;
  std::vector<TokenId> ids;
  /// Parallel to `ids`. 1: the token is the assistant's, behind `<|im_start|>assistant\n` up to and
  /// including `<|im_end|>` and its newline.
  std::vector<std::uint8_t> assistant_mask;
  bool operator==(const RenderedChat&) const = default;
};

struct ChatDialect;

/// Messages to the text and the tokens that a model of one form expects. Immutable; any thread.
class ChatTemplate {
 public:
  /// The form of the tokenizer's own template. Errors: not_found (the folder has no template),
  /// unsupported (no form that is known; says what it has that no form does), data_corrupt (the
  /// template is cut short).
  static Result<ChatTemplate> of(const Tokenizer& tokenizer);
  /// Liquid's own template of a form, whatever the folder's says.
  static ChatTemplate forced(const Tokenizer& tokenizer, ChatForm form);

  ChatForm form() const;

  /// Errors: invalid_argument (JSON that cannot be read, arguments that are no object, a message
  /// without content, something the form has no place for; names the message or tool by its
  /// number, from 1).
  Result<RenderedChat> render(const Conversation& conversation,
                              const RenderOptions& options = {}) const;

 private:
  ChatTemplate(Tokenizer tokenizer, const ChatDialect& dialect);

  Tokenizer tokenizer_;
  std::shared_ptr<const ChatDialect> dialect_;
};

}  // namespace liquid::tokenizer
