// For tests/integration/training: calls of this room, one JSON object per line in, one out.
//
//   {"call": "open", "folder": F}                          tokenizer of the calls that follow
//   {"call": "encode", "texts": [t, …], "special": flag}   ids of each
//   {"call": "spans", "texts": [t, …]}                     [id, begin, end] of each token of each
//   {"call": "pieces", "regex": r, "texts": [t, …]}        where the pieces of each end, in bytes
//   {"call": "decode", "ids": [[n, …], …], "skip": flag}   text of each
//   {"call": "chat", "form"?: name, "messages": [m, …], "tools": [JSON text, …], "prompt": flag,
//    "strict": flag, "keep_thinking": flag, "date": "YYYY-MM-DD"}      text, ids, mask
//     m = {"role", "content"? or "content_json"?, "thinking"?,
//          "tool_calls"?: [{"name", "arguments": JSON text}, …]}
//   {"call": "train", "texts": [t, …], "vocabulary": n, "min_frequency": n, "reserved": n,
//    "folder": F}                                          writes the files
//
// A failed call answers {"error": code, "message": text}.

#include <boost/json.hpp>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "tokenizer/bpe_trainer.h"
#include "tokenizer/chat.h"
#include "tokenizer/splitter.h"
#include "tokenizer/tokenizer.h"

namespace liquid::tokenizer {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& value) { return std::string(value.as_string()); }

bool flag(const json::object& call, std::string_view name) {
  const json::value* value = call.if_contains(name);
  return value != nullptr && value->as_bool();
}

json::value answer_of(const Error& error) {
  return json::object{{"error", error_code_name(error.code)}, {"message", error.message}};
}

json::value encode(const Tokenizer& tokenizer, const json::object& call) {
  const SpecialTokens special =
      flag(call, "special") ? SpecialTokens::add : SpecialTokens::leave_out;
  json::array all;
  for (const json::value& text : call.at("texts").as_array()) {
    all.push_back(json::value_from(tokenizer.encode(text_of(text), special)));
  }
  return all;
}

json::value spans(const Tokenizer& tokenizer, const json::object& call) {
  json::array all;
  for (const json::value& text : call.at("texts").as_array()) {
    json::array tokens;
    for (const TokenSpan& span : tokenizer.encode_spans(text_of(text))) {
      json::array token;
      token.emplace_back(span.id);
      token.emplace_back(span.begin);
      token.emplace_back(span.end);
      tokens.push_back(std::move(token));
    }
    all.push_back(std::move(tokens));
  }
  return all;
}

json::value pieces(const json::object& call) {
  const std::optional<SplitPattern> pattern = pattern_of(text_of(call.at("regex")));
  if (!pattern) return answer_of({ErrorCode::unsupported, "unknown pattern"});
  const Splitter splitter(*pattern);
  json::array all;
  for (const json::value& value : call.at("texts").as_array()) {
    const std::string text = text_of(value);
    json::array ends;
    for (std::size_t at = 0; at < text.size();) {
      at = splitter.piece_end(text, at);
      ends.emplace_back(at);
    }
    all.push_back(std::move(ends));
  }
  return all;
}

json::value decode(const Tokenizer& tokenizer, const json::object& call) {
  const DecodeSpecial special = flag(call, "skip") ? DecodeSpecial::skip : DecodeSpecial::keep;
  json::array all;
  for (const json::value& ids : call.at("ids").as_array()) {
    all.push_back(
        json::value(tokenizer.decode(json::value_to<std::vector<TokenId>>(ids), special)));
  }
  return all;
}

ChatMessage message_of(const json::object& given) {
  ChatMessage message{.role = text_of(given.at("role")), .form = ContentForm::absent};
  if (const json::value* content = given.if_contains("content")) {
    message.form = ContentForm::text;
    message.content = text_of(*content);
  }
  if (const json::value* content = given.if_contains("content_json")) {
    message.form = ContentForm::json;
    message.content = text_of(*content);
  }
  if (const json::value* thinking = given.if_contains("thinking")) {
    message.thinking = text_of(*thinking);
  }
  if (const json::value* calls = given.if_contains("tool_calls")) {
    for (const json::value& call : calls->as_array()) {
      message.tool_calls.push_back({text_of(call.at("name")), text_of(call.at("arguments"))});
    }
  }
  return message;
}

std::chrono::year_month_day date_of(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  std::sscanf(text.c_str(), "%d-%u-%u", &year, &month, &day);
  return std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day};
}

json::value chat(const Tokenizer& tokenizer, const json::object& call) {
  Conversation conversation;
  for (const json::value& message : call.at("messages").as_array()) {
    conversation.messages.push_back(message_of(message.as_object()));
  }
  for (const json::value& tool : call.at("tools").as_array()) {
    conversation.tools.push_back(text_of(tool));
  }
  RenderOptions options;
  if (flag(call, "prompt")) options.generation_prompt = GenerationPrompt::add;
  if (flag(call, "strict")) options.special = SpecialInContent::literal;
  if (flag(call, "keep_thinking")) options.past_thinking = PastThinking::keep;
  options.date = date_of(text_of(call.at("date")));
  const json::value* form = call.if_contains("form");
  const Result<ChatTemplate> found =
      form == nullptr ? ChatTemplate::of(tokenizer)
                      : ChatTemplate::forced(tokenizer, *chat_form_named(text_of(*form)));
  if (!found) return answer_of(found.error());
  const Result<RenderedChat> rendered = found->render(conversation, options);
  if (!rendered) return answer_of(rendered.error());
  return json::object{{"text", rendered->text},
                      {"ids", json::value_from(rendered->ids)},
                      {"mask", json::value_from(rendered->assistant_mask)},
                      {"form", chat_form_name(found->form())}};
}

json::value train(const json::object& call) {
  BpeTrainer trainer({.vocabulary_size = call.at("vocabulary").to_number<std::size_t>(),
                      .min_frequency = call.at("min_frequency").to_number<std::uint64_t>(),
                      .reserved_tokens = call.at("reserved").to_number<std::size_t>()});
  for (const json::value& text : call.at("texts").as_array()) trainer.add(text_of(text));
  const Result<TokenizerFiles> files = trainer.train();
  if (!files) return answer_of(files.error());
  const Result<void> written = write_tokenizer_files(*files, text_of(call.at("folder")));
  return written ? json::value(true) : answer_of(written.error());
}

json::value answer(const json::object& call, std::optional<Tokenizer>& tokenizer) {
  const std::string name = text_of(call.at("call"));
  if (name == "train") return train(call);
  if (name == "pieces") return pieces(call);
  if (name == "open") {
    const Result<Tokenizer> opened = Tokenizer::open(text_of(call.at("folder")));
    if (!opened) return answer_of(opened.error());
    tokenizer = *opened;
    return json::object{{"size", opened->size()}, {"digest", opened->digest().hex()}};
  }
  if (name == "encode") return encode(*tokenizer, call);
  if (name == "spans") return spans(*tokenizer, call);
  if (name == "decode") return decode(*tokenizer, call);
  return chat(*tokenizer, call);
}

}  // namespace
}  // namespace liquid::tokenizer

int main() {
  std::optional<liquid::tokenizer::Tokenizer> tokenizer;
  std::string line;
  while (std::getline(std::cin, line)) {
    const boost::json::value call = boost::json::parse(line);
    std::cout << liquid::tokenizer::answer(call.as_object(), tokenizer) << std::endl;
  }
  return 0;
}
