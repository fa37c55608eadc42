#include "tokenizer/chat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "tokenizer/chat_dialect.h"

namespace liquid::tokenizer {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

const std::filesystem::path kTiny =
    std::filesystem::path(LIQUID_SOURCE_DIR) / "tests/data/lfm2-tiny";

const Tokenizer& tiny() {
  static const Result<Tokenizer> opened = Tokenizer::open(kTiny);
  EXPECT_TRUE(opened) << opened.error().message;
  return *opened;
}

ChatMessage says(std::string role, std::string content) {
  return {.role = std::move(role), .content = std::move(content)};
}

ChatMessage message_of(const json::value& value) {
  ChatMessage message{.role = std::string(value.at("role").get_string())};
  const json::value& content = value.at("content");
  if (content.is_string()) {
    message.content = content.get_string();
  } else {
    message.content = json::serialize(content);
    message.form = ContentForm::json;
  }
  return message;
}

Conversation conversation_of(const json::value& item) {
  Conversation conversation;
  for (const json::value& message : item.at("messages").get_array()) {
    conversation.messages.push_back(message_of(message));
  }
  if (item.at("tools").is_array()) {
    for (const json::value& tool : item.at("tools").get_array()) {
      conversation.tools.push_back(json::serialize(tool));
    }
  }
  return conversation;
}

TEST(ChatTemplate, RendersEveryChatOfTheFixture) {
  const Result<std::string> text = read_file(kTiny / "chat_cases.json");
  ASSERT_TRUE(text);
  const json::value file = json::parse(*text);
  const Result<ChatTemplate> chat = ChatTemplate::of(tiny());
  ASSERT_TRUE(chat) << chat.error().message;
  EXPECT_EQ(chat->form(), ChatForm::lfm2);
  EXPECT_EQ(file.at("cases").get_array().size(), 15U);
  for (const json::value& item : file.at("cases").get_array()) {
    SCOPED_TRACE(item.at("name").get_string().c_str());
    const Conversation conversation = conversation_of(item);
    const Result<RenderedChat> plain = chat->render(conversation);
    ASSERT_TRUE(plain) << plain.error().message;
    EXPECT_EQ(plain->text, item.at("text").get_string().c_str());
    EXPECT_EQ(plain->ids, json::value_to<std::vector<TokenId>>(item.at("ids")));
    EXPECT_EQ(plain->assistant_mask,
              json::value_to<std::vector<std::uint8_t>>(item.at("assistant_mask")));
    const auto prompt = chat->render(conversation, {.generation_prompt = GenerationPrompt::add});
    ASSERT_TRUE(prompt);
    EXPECT_EQ(prompt->text, item.at("text_generation").get_string().c_str());
    EXPECT_EQ(prompt->ids, json::value_to<std::vector<TokenId>>(item.at("ids_generation")));
  }
}

std::string rendered(ChatForm form, const Conversation& conversation, RenderOptions options = {}) {
  using namespace std::chrono_literals;
  options.date = 2026y / 2 / 3;
  const auto chat = ChatTemplate::forced(tiny(), form).render(conversation, options);
  return chat ? chat->text : chat.error().message;
}

TEST(ChatTemplate, Lfm25TellsTheDateBesideTheTools) {
  const Conversation chat{{says("system", "Be brief."), says("user", "Hi")},
                          {R"({"name":"f","d":1.50,"n":12345678901234567890123})", "{}"}};
  EXPECT_EQ(rendered(ChatForm::lfm2_5, chat),
            "<|startoftext|><|im_start|>system\nBe brief.\n\nToday's date: 2026-02-03\n\n"
            "List of tools: [{\"name\": \"f\", \"d\": 1.5, \"n\": 12345678901234567890123}, {}]"
            "<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n");
  EXPECT_EQ(rendered(ChatForm::lfm2_5, {{says("user", "Hi")}, {"\"f\""}}),
            "<|startoftext|><|im_start|>system\nToday's date: 2026-02-03\n\nList of tools: [\"f\"]"
            "<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n");
}

TEST(ChatTemplate, ToolCallsAreWrittenAsPythonCalls) {
  ChatMessage calls{.role = "assistant", .form = ContentForm::absent};
  calls.tool_calls = {
      {"f", R"({"a":"x \"y\"","n":3,"t":true,"z":null,"l":[1.0,"q",{"k":false}],"m":{"k":"v"}})"},
      {"g"}};
  for (const ChatForm form : {ChatForm::lfm2, ChatForm::lfm2_5}) {
    EXPECT_THAT(
        rendered(form, {{calls}}),
        HasSubstr("<|im_start|>assistant\n<|tool_call_start|>[f(a=\"x \"y\"\", n=3, t=True, "
                  "z=None, l=[1.0, 'q', {'k': False}], m={\"k\": \"v\"}), "
                  "g()]<|tool_call_end|><|im_end|>\n"));
  }
}

TEST(ChatTemplate, ToolResultsAreWrappedByLfm2Alone) {
  const Conversation chat{{says("tool", "cold")}};
  EXPECT_THAT(rendered(ChatForm::lfm2, chat),
              HasSubstr("tool\n<|tool_response_start|>cold<|tool_response_end|><|im_end|>"));
  EXPECT_THAT(rendered(ChatForm::lfm2_5, chat), HasSubstr("tool\ncold<|im_end|>"));
}

TEST(ChatTemplate, Lfm25DropsWhatEarlierTurnsThought) {
  ChatMessage last = says("assistant", "<think>kept</think>four");
  ChatMessage first = says("assistant", "<think>gone</think> \n two\x1C");
  first.thinking = "field";
  const Conversation chat{{says("user", "one"), first, says("user", "three"), last}};
  const std::string text = rendered(ChatForm::lfm2_5, chat);
  EXPECT_THAT(text, HasSubstr("assistant\ntwo<|im_end|>"));
  EXPECT_THAT(text, HasSubstr("assistant\n<think>kept</think>four<|im_end|>"));
  const std::string kept = rendered(ChatForm::lfm2_5, chat, {.past_thinking = PastThinking::keep});
  EXPECT_THAT(kept,
              HasSubstr("assistant\n<think>field</think><think>gone</think> \n two\x1C<|im_end|>"));
  EXPECT_THAT(rendered(ChatForm::lfm2, {{says("assistant", "<think>a</think>b"), last}}),
              HasSubstr("assistant\n<think>a</think>b<|im_end|>"));
}

TEST(ChatTemplate, Lfm25WritesPartsOfContent) {
  ChatMessage parts = says(
      "user",
      R"([{"type":"image","image":"x"},{"type":"text","text":"what é"},{"type":"audio","a":[1,2]}])");
  parts.form = ContentForm::json;
  EXPECT_THAT(rendered(ChatForm::lfm2_5, {{parts}}),
              HasSubstr("user\n<image>what é{\"type\": \"audio\", \"a\": [1, 2]}<|im_end|>"));
}

TEST(ChatTemplate, TheAssistantsTokensAreMarkedWhereTheyShareABlank) {
  // "\n" of the head and the first line end of the content are one token.
  const auto chat =
      ChatTemplate::forced(tiny(), ChatForm::lfm2).render({{says("assistant", "\n\nx")}});
  ASSERT_TRUE(chat);
  const auto first = std::find(chat->assistant_mask.begin(), chat->assistant_mask.end(), 1);
  const auto at = static_cast<std::size_t>(first - chat->assistant_mask.begin());
  EXPECT_EQ(tiny().token(chat->ids[at]), "Ċ");
  EXPECT_EQ(chat->assistant_mask.back(), 1);
}

TEST(ChatTemplate, StrictModeKeepsForeignTextInItsTurn) {
  const Conversation chat{{says("system", "a<|im_end|>"), says("user", "b<|im_start|>"),
                           says("assistant", "<|tool_call_start|>[]<|tool_call_end|>"),
                           says("tool", "<|im_end|>"), says("x<|im_end|>", "y")},
                          {R"({"name":"<|im_end|>"})"}};
  const ChatTemplate form = ChatTemplate::forced(tiny(), ChatForm::lfm2);
  const auto open = form.render(chat);
  const auto strict = form.render(chat, {.special = SpecialInContent::literal});
  ASSERT_TRUE(open && strict);
  EXPECT_EQ(open->text, strict->text);
  EXPECT_EQ(std::count(open->ids.begin(), open->ids.end(), 7), 9);
  EXPECT_EQ(std::count(strict->ids.begin(), strict->ids.end(), 7), 5) << "one for each turn";
  EXPECT_EQ(std::count(strict->ids.begin(), strict->ids.end(), 6), 5);
  EXPECT_EQ(std::count(strict->ids.begin(), strict->ids.end(), 10), 1) << "the assistant may call";
  EXPECT_EQ(tiny().decode(strict->ids, DecodeSpecial::keep), strict->text);
}

TEST(ChatTemplate, StrictModeChangesNothingWithoutSpecialTokens) {
  const Conversation chat{
      {says("system", "\n s"), says("user", "\n\n x <think>"), says("assistant", "y")}, {"{}"}};
  const ChatTemplate form = ChatTemplate::forced(tiny(), ChatForm::lfm2);
  EXPECT_EQ(form.render(chat)->ids, form.render(chat, {.special = SpecialInContent::literal})->ids);
}

TEST(ChatTemplate, SaysWhichMessageIsWrong) {
  const auto error_of = [](ChatForm form, const Conversation& chat) {
    const auto result = ChatTemplate::forced(tiny(), form).render(chat);
    EXPECT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
    return result.error().message;
  };
  ChatMessage broken = says("user", "{");
  broken.form = ContentForm::json;
  EXPECT_THAT(error_of(ChatForm::lfm2, {{says("user", "a"), broken}}),
              HasSubstr("message 2: content: no JSON"));
  const ChatMessage empty{.role = "user", .form = ContentForm::absent};
  EXPECT_THAT(error_of(ChatForm::lfm2, {{empty}}), HasSubstr("message 1: has no content"));
  ChatMessage calls = says("assistant", "");
  calls.tool_calls = {{"f", "[1]"}};
  EXPECT_THAT(error_of(ChatForm::lfm2, {{calls}}),
              HasSubstr("message 1: tool call 1: arguments are no object"));
  EXPECT_THAT(error_of(ChatForm::lfm2, {{says("user", "a")}, {"{}", "{"}}),
              HasSubstr("tool 2: no JSON"));
  ChatMessage thinks = says("assistant", "a");
  thinks.thinking = "b";
  EXPECT_THAT(error_of(ChatForm::lfm2, {{thinks}}), HasSubstr("message 1: has 'thinking'"));
  ChatMessage number = says("user", "3");
  number.form = ContentForm::json;
  EXPECT_THAT(error_of(ChatForm::lfm2_5, {{number}}), HasSubstr("neither a text nor a list"));
}

TEST(ChatTemplate, FormsHaveNames) {
  EXPECT_EQ(chat_form_named("lfm2.5"), ChatForm::lfm2_5);
  EXPECT_EQ(chat_form_named(chat_form_name(ChatForm::lfm2)), ChatForm::lfm2);
  EXPECT_EQ(chat_form_named("chatml"), std::nullopt);
}

// --------------------------------------------------------------------------------- dialects

constexpr std::string_view kHead =
    "{{- bos_token -}}{%- if messages[0]['role'] == 'system' -%}{%- endif -%}";
constexpr std::string_view kTail =
    "{%- for m in messages -%}{{- '<|im_start|>' + m['role'] + '\\n' + m['content'] + "
    "\"<|im_end|>\\n\" -}}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}\n";

std::string jinja(std::string_view middle) {
  return std::string(kHead) + std::string(middle) + std::string(kTail);
}

ChatDialect dialect(std::string_view middle) {
  const Result<ChatDialect> found = dialect_in(jinja(middle));
  EXPECT_TRUE(found) << found.error().message;
  return found ? *found : ChatDialect{};
}

TEST(ChatDialect, TellsToolListsApart) {
  using ToolList = ChatDialect::ToolList;
  EXPECT_EQ(dialect("").tool_list, ToolList::none);
  EXPECT_EQ(dialect("{{ 'List of tools: [' + ']' }}").tool_list, ToolList::plain);
  const ChatDialect dated =
      dialect("{{ \"Today's date: \" + strftime_now('%Y-%m-%d') + '\\n\\nList of tools: ' }}");
  EXPECT_EQ(dated.tool_list, ToolList::dated);
  EXPECT_EQ(dated.form, ChatForm::lfm2_5);
  const ChatDialect tokens = dialect(
      "{{ 'List of tools: <|tool_list_start|>[' + ', ' + ']<|tool_list_end|>' }}"
      "{{ '<|tool_response_start|>' + '<|tool_response_end|>' }}");
  EXPECT_EQ(tokens, dialect_of(ChatForm::lfm2));
}

TEST(ChatDialect, TellsWhatBecomesOfThoughts) {
  using Past = ChatDialect::Past;
  EXPECT_EQ(dialect("{# '</think>' #}").past, Past::none);
  EXPECT_EQ(dialect("{% if '</think>' in c %}{% set last_assistant_index = 1 %}{% endif %}").past,
            Past::before_last_assistant);
  const ChatDialect user = dialect("{{ '</think>' + ns.last_user_index + m.thinking + \"'\" }}");
  EXPECT_EQ(user.past, Past::before_last_user);
  EXPECT_EQ(user.quote, '\'');
  EXPECT_TRUE(user.has_thinking);
  EXPECT_EQ(user.tool_calls, ChatDialect::ToolCalls::behind_content);
}

TEST(ChatDialect, RefusesWhatNoTemplateOfTheFamilyHas) {
  const auto refusal = [](std::string_view text) {
    const Result<ChatDialect> found = dialect_in(text);
    EXPECT_FALSE(found) << text;
    return found ? std::string() : found.error().message;
  };
  EXPECT_THAT(refusal(jinja("{{ '### Instruction:\\n' }}")), HasSubstr("'### Instruction:\\n'"));
  EXPECT_THAT(refusal(jinja("[INST] ")), HasSubstr("'[INST] ' outside of a tag"));
  EXPECT_THAT(refusal("{{ messages }}"), HasSubstr("no bos_token"));
  EXPECT_THAT(refusal("{{ bos_token + messages }}{% if add_generation_prompt %}{% endif %}"),
              HasSubstr("no turn ends"));
  for (const char* cut : {"{{ 'a", "{{ a", "{% if", "{# x", "{{ 'a\\"}) {
    EXPECT_EQ(dialect_in(cut).error().code, ErrorCode::data_corrupt) << cut;
  }
  EXPECT_EQ(dialect_in("x").error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace liquid::tokenizer
