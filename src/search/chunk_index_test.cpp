#include "search/chunk_index.h"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "search/testing.h"

namespace liquid::search {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace liquid::search::testing;

class ChunkIndexTest : public FolderTest {};

TEST_F(ChunkIndexTest, FindsWhatWasCommittedAndOnlyThen) {
  const auto index = open(OpenMode::create);
  put(*index, sample("a", {"The quick brown fox", "jumps over the lazy dog"}, "Animals"));
  EXPECT_THAT(search(*index, "foxes"), IsEmpty());
  must(index->commit());
  EXPECT_THAT(search(*index, "foxes"), ElementsAre("a#0"));
  EXPECT_THAT(search(*index, "animal"), ElementsAre("a#0", "a#1"));
  EXPECT_THAT(search(*index, "the of"), IsEmpty());
  EXPECT_THAT(search(*index, ""), IsEmpty());
  must(index->check());
}

TEST_F(ChunkIndexTest, AHitCarriesEverythingAboutItsChunk) {
  const auto index = open(OpenMode::create);
  Sample made = sample("id-1", {"first part", "second part about pumps"}, "Manual");
  made.document.path = "docs/manual.pdf";
  made.chunks[1].section = "Pumps > Small";
  made.chunks[1].page = 7;
  made.chunks[1].span = {100, 123};
  put(*index, made);
  must(index->commit());
  const Result<RankedList> found = index->search({.text = "pumps", .top_k = 5, .filter = {}});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->hits.size(), 1U);
  const Hit& hit = found->hits.front();
  EXPECT_EQ(hit.chunk_id, "id-1#1");
  EXPECT_EQ(hit.document_id, "id-1");
  EXPECT_EQ(hit.path, "docs/manual.pdf");
  EXPECT_EQ(hit.title, "Manual");
  EXPECT_EQ(hit.section, "Pumps > Small");
  EXPECT_EQ(hit.page, 7U);
  EXPECT_EQ(hit.span, (corpus::ByteSpan{100, 123}));
  EXPECT_EQ(hit.text, "second part about pumps");
  EXPECT_EQ(hit.content_hash, DigestBuilder()
                                  .field("Manual")
                                  .field("Pumps > Small")
                                  .field("second part about pumps")
                                  .finish());
  EXPECT_GT(hit.score, 0.0);
  EXPECT_GT(hit.relevance, 0.0);
  EXPECT_LT(hit.relevance, 1.0);
  EXPECT_EQ(found->epoch, index->epoch());
}

TEST_F(ChunkIndexTest, AnUnknownWordLowersTheRelevance) {
  const auto index = open(OpenMode::create);
  put(*index, sample("a", {"pumps move water"}));
  put(*index, sample("b", {"fans move air"}));
  must(index->commit());
  const auto relevance = [&](const std::string& text) {
    return index->search({.text = text, .top_k = 1, .filter = {}})->hits.front().relevance;
  };
  EXPECT_GT(relevance("pumps"), relevance("pumps xylophone"));
}

TEST_F(ChunkIndexTest, ReplacesADocumentWithTheSameId) {
  const auto index = open(OpenMode::create);
  put(*index, sample("a", {"red"}));
  put(*index, sample("a", {"green"}));  // before the first commit
  must(index->commit());
  EXPECT_THAT(search(*index, "red"), IsEmpty());
  EXPECT_THAT(search(*index, "green"), ElementsAre("a#0"));
  put(*index, sample("a", {"blue", "yellow"}));
  must(index->commit());
  EXPECT_THAT(search(*index, "green"), IsEmpty());
  EXPECT_THAT(search(*index, "yellow"), ElementsAre("a#1"));
  EXPECT_EQ(index->totals().documents, 1U);
  EXPECT_EQ(index->totals().chunks, 2U);
  must(index->check());
}

TEST_F(ChunkIndexTest, RemovesADocument) {
  const auto index = open(OpenMode::create);
  put(*index, sample("a", {"red"}));
  put(*index, sample("b", {"red green"}));
  must(index->commit());
  EXPECT_TRUE(index->remove("a").value_or(false));
  EXPECT_FALSE(index->remove("zzz").value_or(true));
  must(index->commit());
  EXPECT_THAT(search(*index, "red"), ElementsAre("b#0"));
  EXPECT_FALSE(index->document("a"));
  ASSERT_TRUE(index->document("b"));
  EXPECT_EQ(index->document("b")->chunks, 1U);
  must(index->check());
}

TEST_F(ChunkIndexTest, IsTheSameAfterOpeningAgain) {
  Digest epoch;
  {
    const auto index = open(OpenMode::create);
    put(*index, sample("a", {"red green"}));
    must(index->commit());
    put(*index, sample("b", {"green blue"}));
    put(*index, sample("a", {"red"}));
    must(index->commit());
    put(*index, sample("c", {"never committed"}));
    epoch = index->epoch();
  }
  for (const OpenMode mode : {OpenMode::read_only, OpenMode::read_write, OpenMode::create}) {
    const auto index = open(mode);
    ASSERT_NE(index, nullptr);
    EXPECT_EQ(index->epoch(), epoch);
    EXPECT_THAT(search(*index, "green"), ElementsAre("b#0"));
    EXPECT_THAT(search(*index, "committed"), IsEmpty());
    EXPECT_FALSE(index->is_behind());
    must(index->check());
  }
}

TEST_F(ChunkIndexTest, AReaderSeesTheCommitsOfAWriter) {
  const auto writer = open(OpenMode::create);
  const auto reader = open(OpenMode::read_only);
  put(*writer, sample("a", {"red"}));
  EXPECT_FALSE(reader->is_behind());
  must(writer->commit());
  EXPECT_TRUE(reader->is_behind());
  EXPECT_THAT(search(*reader, "red"), IsEmpty());
  must(reader->refresh());
  EXPECT_FALSE(reader->is_behind());
  EXPECT_THAT(search(*reader, "red"), ElementsAre("a#0"));
  EXPECT_EQ(reader->epoch(), writer->epoch());
}

TEST_F(ChunkIndexTest, AReaderWhoseHitIsGoneSearchesAgain) {
  const auto writer = open(OpenMode::create);
  put(*writer, sample("a", {"red"}));
  put(*writer, sample("b", {"red red"}));
  must(writer->commit());
  const auto reader = open(OpenMode::read_only);
  ASSERT_TRUE(writer->remove("b").value_or(false));
  must(writer->commit());
  EXPECT_THAT(search(*reader, "red"), ElementsAre("a#0"));
  EXPECT_EQ(reader->epoch(), writer->epoch());
}

TEST_F(ChunkIndexTest, ASecondWriterIsAConflict) {
  const auto first = open(OpenMode::create);
  const Result<std::unique_ptr<ChunkIndex>> second =
      ChunkIndex::open(folder_, OpenMode::read_write);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_THAT(second.error().message, HasSubstr(std::to_string(::getpid())));
}

TEST_F(ChunkIndexTest, AReaderCannotWrite) {
  open(OpenMode::create);
  const auto reader = open(OpenMode::read_only);
  const Sample made = sample("a", {"red"});
  EXPECT_EQ(reader->put(made.document, made.chunks).error().code, ErrorCode::conflict);
  EXPECT_EQ(reader->commit().error().code, ErrorCode::conflict);
}

TEST_F(ChunkIndexTest, AFolderWithoutAnIndexIsNotFound) {
  for (const OpenMode mode : {OpenMode::read_only, OpenMode::read_write}) {
    const Result<std::unique_ptr<ChunkIndex>> index = ChunkIndex::open(folder_, mode);
    ASSERT_FALSE(index);
    EXPECT_EQ(index.error().code, ErrorCode::not_found);
    EXPECT_THAT(index.error().message, HasSubstr(folder_.string()));
  }
}

TEST_F(ChunkIndexTest, AnUnknownLanguageListsTheKnownOnes) {
  Settings settings;
  settings.language = "klingon";
  const Result<std::unique_ptr<ChunkIndex>> index =
      ChunkIndex::open(folder_, OpenMode::create, settings);
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(index.error().message, HasSubstr("klingon"));
  EXPECT_THAT(index.error().message, HasSubstr("portuguese"));
}

TEST_F(ChunkIndexTest, KeepsTheSettingsItWasMadeWith) {
  Settings german;
  german.language = "german";
  german.title_weight = 2.5;
  {
    const auto index = open(OpenMode::create, german);
    put(*index, sample("a", {"die Häuser am See"}));
    must(index->commit());
  }
  const auto index = open(OpenMode::read_write);
  EXPECT_EQ(index->settings().language, "german");
  EXPECT_EQ(index->settings().title_weight, 2.5);
  EXPECT_THAT(search(*index, "Haus"), ElementsAre("a#0"));
  EXPECT_THAT(search(*index, "am"), IsEmpty());
}

TEST_F(ChunkIndexTest, TheEpochFollowsTheContentsAndNothingElse) {
  const auto index = open(OpenMode::create);
  const Digest empty = index->epoch();
  put(*index, sample("a", {"red"}));
  put(*index, sample("b", {"green"}));
  must(index->commit());
  const Digest both = index->epoch();
  EXPECT_NE(both, empty);
  put(*index, sample("a", {"red"}));  // the same again
  must(index->commit());
  EXPECT_EQ(index->epoch(), both);
  put(*index, sample("a", {"reddish"}));
  must(index->commit());
  EXPECT_NE(index->epoch(), both);
  put(*index, sample("a", {"red"}));
  must(index->merge());
  EXPECT_EQ(index->epoch(), both);
  ASSERT_TRUE(index->remove("a"));
  ASSERT_TRUE(index->remove("b"));
  must(index->commit());
  EXPECT_EQ(index->epoch(), empty);
  put(*index, sample("b", {"green"}));
  put(*index, sample("a", {"red"}));  // another order
  must(index->commit());
  EXPECT_EQ(index->epoch(), both);
}

TEST_F(ChunkIndexTest, PhrasesMustOccurAsSuch) {
  const auto index = open(OpenMode::create);
  put(*index, sample("a", {"the limit of the request rate"}));
  put(*index, sample("b", {"rate limit for requests"}));
  put(*index, sample("c", {"limits apply; a rate is set"}, "request"));
  must(index->commit());
  EXPECT_THAT(search(*index, "\"rate limit\""), ElementsAre("b#0"));
  EXPECT_THAT(search(*index, "\"request rate\""), ElementsAre("a#0"));
  EXPECT_THAT(search(*index, "\"limit of the request\""), ElementsAre("a#0"));
  EXPECT_THAT(search(*index, "\"limit request\""), IsEmpty());
  EXPECT_THAT(search(*index, "rate \"requests\" \u201Crate limits\u201D"), ElementsAre("b#0"));
  EXPECT_THAT(search(*index, "\"rate unknownword\" limit"), IsEmpty());
  EXPECT_THAT(search(*index, "\"of the\" rate").size(), 3U);  // nothing indexed in the phrase
  EXPECT_THAT(search(*index, "a 5\" rate").size(), 3U);       // no quotation
}

TEST_F(ChunkIndexTest, AppliesEveryConditionOfAFilter) {
  const auto index = open(OpenMode::create);
  for (const char* id : {"docs/a.md", "docs/sub/b.md", "notes/c.md"}) {
    Sample made = sample(id, {"red"});
    made.document.metadata = {{"lang", id[0] == 'd' ? "en" : "de"}, {"year", "2024"}};
    put(*index, made);
  }
  must(index->commit());
  const auto with = [&](std::vector<Filter::Condition> conditions) {
    return ids(index->search({.text = "red", .top_k = 10, .filter = {std::move(conditions)}}));
  };
  EXPECT_THAT(with({{"path", "docs/*"}}), ElementsAre("docs/a.md#0"));
  EXPECT_THAT(with({{"path", "docs/**"}}), ElementsAre("docs/a.md#0", "docs/sub/b.md#0"));
  EXPECT_THAT(with({{"path", "**/*.md"}, {"lang", "de"}}), ElementsAre("notes/c.md#0"));
  EXPECT_THAT(with({{"document_id", "notes/c.md"}}), ElementsAre("notes/c.md#0"));
  EXPECT_THAT(with({{"year", "2024"}, {"lang", "fr"}}), IsEmpty());
  EXPECT_THAT(with({{"nothing", ""}}), IsEmpty());
}

TEST_F(ChunkIndexTest, WeighsTheWordsOfAQuestion) {
  const auto index = open(OpenMode::create);
  put(*index, sample("a", {"pumps move water"}));
  put(*index, sample("b", {"pumps move air"}));
  must(index->commit());
  const std::vector<ChunkIndex::TermWeight> words = index->term_weights("The Pumps, air, helium");
  ASSERT_EQ(words.size(), 4U);
  EXPECT_TRUE(words[0].stop_word);
  EXPECT_EQ(words[1].surface, "Pumps");
  EXPECT_EQ(words[1].term, "pump");
  EXPECT_TRUE(words[1].known);
  EXPECT_LT(words[1].idf, words[2].idf);
  EXPECT_LT(words[2].idf, words[3].idf);
  EXPECT_FALSE(words[3].known);
}

TEST_F(ChunkIndexTest, RefusesChunksOfAnotherDocument) {
  const auto index = open(OpenMode::create);
  Sample made = sample("a", {"red"});
  made.chunks[0].document_id = corpus::DocumentId("b");
  EXPECT_EQ(index->put(made.document, made.chunks).error().code, ErrorCode::invalid_argument);
  put(*index, sample("a", {"red"}));  // the refusal cost nothing else
  must(index->commit());
  EXPECT_THAT(search(*index, "red"), ElementsAre("a#0"));
}

TEST_F(ChunkIndexTest, ADamagedFileIsReportedNotRead) {
  {
    const auto index = open(OpenMode::create);
    for (int i = 0; i < 50; ++i)
      put(*index, sample("doc" + std::to_string(i), {"word" + std::to_string(i)}));
    must(index->commit());
  }
  const fs::path file = folder_ / "index.db";
  fs::remove(folder_ / "index.db-wal");
  fs::resize_file(file, fs::file_size(file) / 2);
  const Result<std::unique_ptr<ChunkIndex>> cut = ChunkIndex::open(folder_, OpenMode::read_only);
  if (cut) {
    EXPECT_EQ((*cut)->check().error().code, ErrorCode::data_corrupt);
  } else {
    EXPECT_EQ(cut.error().code, ErrorCode::data_corrupt);
  }
  std::ofstream(file, std::ios::trunc) << "this is no database, only a text that is long enough";
  const Result<std::unique_ptr<ChunkIndex>> text = ChunkIndex::open(folder_, OpenMode::read_write);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::data_corrupt);
}

}  // namespace
}  // namespace liquid::search
