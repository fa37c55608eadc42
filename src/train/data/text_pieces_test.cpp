#include "train/data/text_pieces.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "train/data/data_fixture_test.h"

namespace liquid::train {
namespace {

std::vector<Sample> pieces_of(std::string_view text, std::int32_t max_length) {
  std::vector<Sample> pieces;
  cut_text(text, tiny_tokenizer(), max_length,
           [&](Sample piece) { pieces.push_back(std::move(piece)); });
  return pieces;
}

std::string text_of(const Sample& piece) {
  return tiny_tokenizer().decode(piece.ids, tokenizer::DecodeSpecial::keep);
}

std::vector<std::int32_t> without_frame(const std::vector<Sample>& pieces) {
  std::vector<std::int32_t> ids;
  for (const Sample& piece : pieces) ids.insert(ids.end(), piece.ids.begin() + 1, piece.ids.end());
  ids.pop_back();
  return ids;
}

TEST(CutText, GivesAShortTextWhole) {
  const std::vector<Sample> pieces = pieces_of("Hello.\n\nYou.\n", 64);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(text_of(pieces[0]), "<|startoftext|>Hello.\n\nYou.\n<|im_end|>");
  EXPECT_EQ(pieces[0].trained_tokens(), static_cast<std::int64_t>(pieces[0].ids.size()) - 1);
}

TEST(CutText, CutsBetweenParagraphs) {
  std::vector<std::string> texts;
  for (const Sample& piece : pieces_of("one two three four\n\nthree\n \n  four\nfive\n\nsix", 14)) {
    texts.push_back(text_of(piece));
    EXPECT_LE(piece.ids.size(), 14u);
  }
  EXPECT_EQ(texts, (std::vector<std::string>{
                       "<|startoftext|>one two three four\n\n", "<|startoftext|>three\n \n",
                       "<|startoftext|>  four\nfive\n\n", "<|startoftext|>six<|im_end|>"}));
}

TEST(CutText, CutsALongParagraphBehindALine) {
  const std::vector<Sample> pieces = pieces_of("aaa bbb\nccc ddd eee\nfff", 16);
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i)
    EXPECT_TRUE(text_of(pieces[i]).ends_with("\n"));
  EXPECT_GT(pieces.size(), 1u);
}

TEST(CutText, CutsALongLineBetweenTokens) {
  const std::vector<Sample> pieces = pieces_of(std::string(100, 'q'), 12);
  for (const Sample& piece : pieces) EXPECT_LE(piece.ids.size(), 12u);
  EXPECT_EQ(without_frame(pieces),
            tiny_tokenizer().encode(std::string(100, 'q'), tokenizer::SpecialTokens::leave_out));
}

TEST(CutText, GivesNothingForNothing) { EXPECT_TRUE(pieces_of("", 64).empty()); }

// On real documents: no token is lost or made by the cuts, no piece is too long.
TEST(CutText, TokensOfThePiecesAreTheTokensOfTheText) {
  const std::filesystem::path docs = source_folder() / "examples/docs/prometheus";
  std::size_t documents = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(docs)) {
    if (entry.path().extension() != ".md" || documents == 12) continue;
    const std::string text = read_file(entry.path()).value();
    for (const std::int32_t length : {16, 64, 500}) {
      const std::vector<Sample> pieces = pieces_of(text, length);
      EXPECT_EQ(without_frame(pieces),
                tiny_tokenizer().encode(text, tokenizer::SpecialTokens::leave_out))
          << entry.path();
      for (const Sample& piece : pieces) {
        ASSERT_LE(piece.ids.size(), static_cast<std::size_t>(length));
      }
    }
    ++documents;
  }
  EXPECT_EQ(documents, 12u);
}

}  // namespace
}  // namespace liquid::train
