#include "tokenizer/bpe_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/file.h"
#include "tokenizer/chat.h"
#include "tokenizer/chat_dialect.h"

namespace liquid::tokenizer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tokenizer trained(const std::vector<std::string>& texts, BpeTrainerOptions options = {}) {
  BpeTrainer trainer(options);
  for (const std::string& text : texts) trainer.add(text);
  const Result<TokenizerFiles> files = trainer.train();
  EXPECT_TRUE(files) << files.error().message;
  Result<Tokenizer> tokenizer = Tokenizer::parse(files->tokenizer_json);
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return *std::move(tokenizer);
}

TEST(BpeTrainer, JoinsTheMostFrequentPairFirst) {
  const Tokenizer tokenizer = trained({"abab ab", " cd cd cd cd"}, {.vocabulary_size = 278});
  std::vector<std::pair<std::string, std::string>> merges;
  for (const auto& [left, right] : tokenizer.merges()) merges.emplace_back(left, right);
  // c+d and Ġ+c are seen four times, a+b three times; of equals the smaller ids go first.
  EXPECT_THAT(merges, ElementsAre(std::pair("c", "d"), std::pair("Ġ", "cd"), std::pair("a", "b")));
  EXPECT_EQ(tokenizer.size(), 16U + 256U + 3U + 2U);
}

TEST(BpeTrainer, StopsWhereNothingRepeats) {
  const Tokenizer tokenizer = trained({"ab ab xy"}, {.vocabulary_size = 1000, .min_frequency = 2});
  EXPECT_EQ(tokenizer.merges().size(), 1U);
  EXPECT_EQ(trained({"ab ab xy"}, {.vocabulary_size = 1000, .min_frequency = 1}).merges().size(),
            4U);
}

TEST(BpeTrainer, SpecialTokensStandWhereLfm2HasThem) {
  const Tokenizer tokenizer = trained({"some text"}, {.reserved_tokens = 5});
  EXPECT_EQ(tokenizer.token(0), "<|pad|>");
  EXPECT_EQ(tokenizer.token(1), "<|startoftext|>");
  EXPECT_EQ(tokenizer.token(7), "<|im_end|>");
  EXPECT_EQ(tokenizer.token(13), "<|tool_response_end|>");
  EXPECT_EQ(tokenizer.token(18), "<|reserved_4|>");
  EXPECT_EQ(tokenizer.kind(18), TokenKind::control);
  EXPECT_EQ(tokenizer.token(19), "!");
  EXPECT_EQ(tokenizer.kind(static_cast<TokenId>(tokenizer.size()) - 1), TokenKind::user_defined);
  EXPECT_THAT(tokenizer.prefix(), ElementsAre(1));
}

TEST(BpeTrainer, SpecialTokensInTheTextAreNoWords) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "<|im_start|>x<think>";
  EXPECT_THAT(trained({text}).merges(), testing::IsEmpty());
}

TEST(BpeTrainer, TheOrderOfTextsDoesNotMatter) {
  const std::string a = "the cat sat on the mat, the hat of the cat";
  const std::string b = "een kat zat op de mat; de kat at\nwat";
  BpeTrainer first;
  first.add(a);
  first.add(b);
  BpeTrainer second;
  second.add(b);
  second.add(a);
  EXPECT_EQ(first.train()->tokenizer_json, second.train()->tokenizer_json);
  EXPECT_EQ(first.train()->tokenizer_json, first.train()->tokenizer_json);
}

TEST(BpeTrainer, EveryTextComesBackAfterEncoding) {
  const Tokenizer tokenizer = trained({"aaaa aaaaaaa bbb", "東京 東京", "\xFF\xFE"});
  for (const char* text : {"aaaaaaaaaaa", "bbbb 東京都\n", "\u0000é<think>\U0001F44D"}) {
    const auto ids = tokenizer.encode(text, SpecialTokens::leave_out);
    EXPECT_EQ(tokenizer.decode(ids, DecodeSpecial::keep), text);
  }
}

TEST(BpeTrainer, LongDataIsCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 2001; ++i) text += "東";
  const Tokenizer tokenizer = trained({text});
  EXPECT_GT(tokenizer.merges().size(), 2U);
}

TEST(BpeTrainer, SaysWhatIsMissing) {
  BpeTrainer empty;
  EXPECT_EQ(empty.train().error().code, ErrorCode::invalid_argument);
  BpeTrainer small({.vocabulary_size = 100});
  small.add("text");
  const auto result = small.train();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(result.error().message, HasSubstr("alone are 274"));
}

TEST(BpeTrainer, ItsFilesOpenWithLfm2sChatTemplate) {
  BpeTrainer trainer;
  trainer.add("hello hello");
  const auto folder = std::filesystem::path(testing::TempDir()) / "trained_tokenizer";
  std::filesystem::create_directories(folder);
  ASSERT_TRUE(write_tokenizer_files(*trainer.train(), folder));
  const Result<Tokenizer> tokenizer = Tokenizer::open(folder);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->eos(), 7);
  EXPECT_EQ(tokenizer->pad(), 0);
  const Result<ChatDialect> dialect = dialect_in(tokenizer->chat_template());
  ASSERT_TRUE(dialect) << dialect.error().message;
  EXPECT_EQ(*dialect, dialect_of(ChatForm::lfm2));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace liquid::tokenizer
