#include <cstdint>
#include <string>
#include <string_view>

#include "tokenizer/chat_dialect.h"
#include "tokenizer/chat_text.h"

using namespace liquid::tokenizer;

// Any bytes as a Jinja template, as JSON content and as the arguments of a tool call: an error or
// a text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const liquid::Result<ChatDialect> found = dialect_in(text);
  const ChatDialect dialect = found ? *found : dialect_of(ChatForm::lfm2_5);
  ChatMessage said{.role = "user", .content = text, .form = ContentForm::json};
  ChatMessage called{.role = "assistant", .content = text};
  called.tool_calls = {{"f", text}};
  for (const ChatMessage& message : {said, called}) {
    const RenderOptions options{.date = std::chrono::year_month_day{}};
    const auto written = write_chat(dialect, "", {{message}, {text}}, options);
    if (written && written->text.empty()) __builtin_trap();
  }
  return 0;
}
