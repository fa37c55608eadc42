#include "tokenizer/chat.h"

#include <utility>

#include "tokenizer/chat_dialect.h"
#include "tokenizer/chat_text.h"

namespace liquid::tokenizer {
namespace {

/// 1 where a token and one of `ranges` (ascending, disjoint) share a byte.
std::vector<std::uint8_t> mask_of(const std::vector<TokenSpan>& spans,
                                  const std::vector<TextRange>& ranges) {
  std::vector<std::uint8_t> mask(spans.size());
  auto range = ranges.begin();
  for (std::size_t i = 0; i < spans.size(); ++i) {
    while (range != ranges.end() && range->end <= spans[i].begin) ++range;
    mask[i] = range != ranges.end() && range->begin < spans[i].end ? 1 : 0;
  }
  return mask;
}

}  // namespace

std::string_view chat_form_name(ChatForm form) {
  switch (form) {
    case ChatForm::lfm2: return "lfm2";
    case ChatForm::lfm2_5: return "lfm2.5";
  }
  return "";
}

std::optional<ChatForm> chat_form_named(std::string_view name) {
  for (const ChatForm form : {ChatForm::lfm2, ChatForm::lfm2_5}) {
    if (chat_form_name(form) == name) return form;
  }
  return std::nullopt;
}

ChatTemplate::ChatTemplate(Tokenizer tokenizer, const ChatDialect& dialect)
    : tokenizer_(std::move(tokenizer)), dialect_(std::make_shared<const ChatDialect>(dialect)) {}

Result<ChatTemplate> ChatTemplate::of(const Tokenizer& tokenizer) {
  if (tokenizer.chat_template().empty()) {
    return Error{ErrorCode::not_found,
                 "the tokenizer has no chat template (chat_template.jinja, or chat_template in "
                 "tokenizer_config.json); choose a form by hand, lfm2 or lfm2.5"};
  }
  const Result<ChatDialect> dialect = dialect_in(tokenizer.chat_template());
  if (!dialect) return dialect.error();
  return ChatTemplate(tokenizer, *dialect);
}

ChatTemplate ChatTemplate::forced(const Tokenizer& tokenizer, ChatForm form) {
  return {tokenizer, dialect_of(form)};
}

ChatForm ChatTemplate::form() const { return dialect_->form; }

Result<RenderedChat> ChatTemplate::render(const Conversation& conversation,
                                          const RenderOptions& options) const {
  const std::string_view bos = tokenizer_.bos() ? tokenizer_.token(*tokenizer_.bos()) : "";
  Result<ChatText> chat = write_chat(*dialect_, bos, conversation, options);
  if (!chat) return std::move(chat).error();
  const std::vector<TokenSpan> spans = tokenizer_.encode_spans(chat->text, chat->literal);
  RenderedChat rendered;
  rendered.ids.reserve(spans.size());
  for (const TokenSpan& span : spans) rendered.ids.push_back(span.id);
  rendered.assistant_mask = mask_of(spans, chat->assistant);
  rendered.text = std::move(chat->text);
  return rendered;
}

}  // namespace liquid::tokenizer
