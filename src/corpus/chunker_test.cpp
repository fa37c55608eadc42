#include "corpus/chunker.h"

#include <gtest/gtest.h>

#include <random>

#include "base/unicode.h"
#include "corpus/tokens.h"

namespace liquid::corpus {
namespace {

/// Documents of random structure; every word is different, so that its place can be told.
class RandomDocument {
 public:
  explicit RandomDocument(unsigned seed) : random_(seed) {}

  Document make() {
    Document document;
    document.title = "Title";
    const std::size_t blocks = pick(1, 30);
    for (std::size_t i = 0; i < blocks; ++i) document.blocks.push_back(make_block());
    return document;
  }

 private:
  std::size_t pick(std::size_t least, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(least, most)(random_);
  }

  std::string word() {
    constexpr std::string_view kStems[] = {"w", "größe", "слово", "x_", "漢"};
    return std::string(kStems[pick(0, 4)]) + std::to_string(++words_);
  }

  Block make_block() {
    constexpr BlockKind kKinds[] = {BlockKind::heading, BlockKind::paragraph, BlockKind::list_item,
                                    BlockKind::code, BlockKind::table};
    Block block;
    block.kind = kKinds[pick(0, 4)];
    const bool lines = block.kind == BlockKind::code || block.kind == BlockKind::table;
    const std::size_t words = block.kind == BlockKind::heading ? pick(1, 8) : pick(1, 120);
    for (std::size_t i = 0; i < words; ++i) {
      if (i > 0) block.text += pick(0, 7) > 0 ? " " : lines ? "\n" : ". A";
      block.text += word();
    }
    if (block.kind == BlockKind::heading) {
      section_.resize(std::min<std::size_t>(section_.size(), pick(0, 3)));
      section_.push_back(block.text);
    }
    block.section = section_;
    block.span = {offset_, offset_ + block.text.size()};
    offset_ = block.span.end + 1;
    return block;
  }

  std::mt19937 random_;
  std::vector<std::string> section_;
  std::uint64_t offset_ = 0;
  int words_ = 0;
};

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (c == ' ' || c == '\n') {
      if (!word.empty()) words.push_back(word);
      word.clear();
    } else {
      word += c;
    }
  }
  return words;
}

class ChunkerProperties : public testing::TestWithParam<unsigned> {
 protected:
  const ChunkOptions options_{16 + GetParam() % 7 * std::size_t{20},
                              GetParam() % 3 * std::size_t{4}};
  const Document document_ = RandomDocument(GetParam()).make();
  const std::vector<Chunk> chunks_ = chunk(document_, options_);
};

TEST_P(ChunkerProperties, NoChunkIsLargerThanAllowed) {
  for (const Chunk& one : chunks_) EXPECT_LE(count_tokens(one.text), options_.max_tokens);
}

TEST_P(ChunkerProperties, EveryWordIsInSomeChunkInOrder) {
  // Overlap repeats words; the first time each comes must be the document's order.
  std::vector<std::string> expected;
  for (const Block& block : document_.blocks) {
    for (const std::string& word : words_of(block.text)) expected.push_back(word);
  }
  std::vector<std::string> actual;
  for (const Chunk& one : chunks_) {
    const std::vector<std::string> words = words_of(one.text);
    std::size_t repeated = std::min(words.size(), actual.size());
    while (!std::equal(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(repeated),
                       actual.end() - static_cast<std::ptrdiff_t>(repeated))) {
      --repeated;
    }
    EXPECT_LE(repeated, options_.overlap_tokens);
    actual.insert(actual.end(), words.begin() + static_cast<std::ptrdiff_t>(repeated), words.end());
  }
  const auto [at, other] =
      std::mismatch(actual.begin(), actual.end(), expected.begin(), expected.end());
  EXPECT_TRUE(at == actual.end() && other == expected.end())
      << "got " << (at == actual.end() ? "the end" : *at) << ", expected "
      << (other == expected.end() ? "the end" : *other);
}

TEST_P(ChunkerProperties, SpansAreInOrderAndHoldTheWords) {
  std::uint64_t begin = 0;
  for (const Chunk& one : chunks_) {
    EXPECT_GE(one.span.begin, begin);
    EXPECT_GE(one.span.end, one.span.begin);
    begin = one.span.begin;
    EXPECT_TRUE(is_valid_utf8(one.text));
    EXPECT_FALSE(one.text.empty());
  }
}

TEST_P(ChunkerProperties, OnlyTheLastChunkEndsWithAHeading) {
  for (const Chunk& one : chunks_) {
    if (&one == &chunks_.back()) continue;
    const std::string last_line = one.text.substr(one.text.rfind('\n') + 1);
    for (const Block& block : document_.blocks) {
      const bool short_heading =
          block.kind == BlockKind::heading && count_tokens(block.text) * 8 <= options_.max_tokens;
      if (!short_heading || one.text == block.text) continue;
      EXPECT_NE(last_line, block.text);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ChunkerProperties, testing::Range(0u, 60u));

TEST(Chunker, RefusesSizesThatMakeNoSense) {
  EXPECT_EQ(validate({0, 0}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(validate({100, 50}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(validate({100'001, 0}).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(validate({100, 49}));
}

TEST(Chunker, NeverCrossesAPage) {
  Document document;
  for (std::uint32_t page = 1; page <= 3; ++page) {
    Block& block = document.blocks.emplace_back();
    block.text = "Text of page " + std::to_string(page) + ".";
    block.page = page;
  }
  const std::vector<Chunk> chunks = chunk(document, {100, 20});
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[2].page, 3u);
  EXPECT_EQ(chunks[2].text, "Text of page 3.");
}

TEST(Chunker, ANarrowSpanComesFromTheMarks) {
  Document document;
  Block& block = document.blocks.emplace_back();
  for (int i = 0; i < 40; ++i) block.text += "word" + std::to_string(10 + i) + ". ";
  block.text.pop_back();
  block.span = {1000, 1000 + block.text.size()};
  for (std::uint64_t at = 0; at < block.text.size(); at += 8)
    block.marks.push_back({at, 1000 + at});
  const std::vector<Chunk> chunks = chunk(document, {16, 0});
  ASSERT_GT(chunks.size(), 2u);
  for (const Chunk& one : chunks) EXPECT_LE(one.span.end - one.span.begin, one.text.size() + 8);
}

}  // namespace
}  // namespace liquid::corpus
