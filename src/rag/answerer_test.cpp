#include "rag/answerer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "corpus/chunker.h"
#include "generate/extractive.h"
#include "rag/expansion.h"

namespace liquid::rag {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

corpus::Document document(const std::string& path, const std::string& title,
                          const std::vector<std::string>& paragraphs) {
  corpus::Document made;
  made.id = corpus::DocumentId(path);
  made.path = path;
  made.title = title;
  std::string all;
  for (const std::string& text : paragraphs) {
    corpus::Block block;
    block.text = text;
    made.blocks.push_back(std::move(block));
    all += text;
  }
  made.content_hash = sha256(all);
  return made;
}

/// Says and cites what it is told, and remembers the prompt.
class ScriptedGenerator final : public generate::Generator {
 public:
  Result<generate::Draft> generate(const generate::Prompt& prompt) const override {
    last = prompt;
    return next;
  }
  Digest version() const override { return sha256(label); }
  std::string name() const override { return "scripted"; }

  Result<generate::Draft> next = generate::Draft{};
  std::string label = "one";
  mutable generate::Prompt last;
};

class AnswererTest : public testing::Test {
 protected:
  AnswererTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "liquid-rag-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    auto opened = search::ChunkIndex::open(folder, search::OpenMode::create);
    EXPECT_TRUE(opened);
    index = std::move(*opened);
    put(document("harbour.md", "Harbours",
                 {"The lighthouse of Calder island was built in 1862.",
                  "Its lamp is lit with rapeseed oil every evening."}));
    put(document("cheese.md", "Cheese", {"Cardon cheese ripens for fourteen months in a cellar."}));
    put(document("engine.md", "Engines",
                 {"The boiler of the engine works at a pressure of 14 bar."}));
    commit();
    retriever = std::make_unique<search::Retriever>(*index);
  }
  ~AnswererTest() override {
    index.reset();
    std::filesystem::remove_all(folder);
  }

  void put(const corpus::Document& made) { EXPECT_TRUE(index->put(made, corpus::chunk(made, {}))); }
  void commit() { EXPECT_TRUE(index->commit()); }

  Answer ask(const std::string& text, Effort effort = Effort::fast) const {
    const Answerer answerer(*retriever, extractive);
    Result<Answer> answer = answerer.answer({text, 5, effort});
    EXPECT_TRUE(answer);
    return std::move(*answer);
  }

  std::filesystem::path folder;
  std::unique_ptr<search::ChunkIndex> index;
  std::unique_ptr<search::Retriever> retriever;
  generate::ExtractiveGenerator extractive;
  ScriptedGenerator scripted;
};

TEST_F(AnswererTest, AnswersCitesAndNamesTheSource) {
  const Answer answer = ask("When was the lighthouse of Calder island built?");
  EXPECT_TRUE(answer.found);
  EXPECT_THAT(answer.text, HasSubstr("1862"));
  EXPECT_THAT(answer.text, HasSubstr("[1]"));
  ASSERT_FALSE(answer.sources.empty());
  EXPECT_EQ(answer.sources.front(), "harbour.md");
  EXPECT_GE(answer.context_used, 1U);
  EXPECT_THAT(answer.document_ids, Contains("harbour.md"));
  EXPECT_GT(answer.confidence, 0.5);
  EXPECT_EQ(answer.epoch, index->epoch());
}

TEST_F(AnswererTest, ConfidenceIsHigherWhereThereIsAnAnswer) {
  const Answer known = ask("How long does Cardon cheese ripen?");
  const Answer unknown = ask("How long does sourdough bread rise?");
  EXPECT_TRUE(known.found);
  EXPECT_FALSE(unknown.found);
  EXPECT_THAT(unknown.sources, IsEmpty());
  EXPECT_EQ(unknown.text, generate::kNothingFound);
  EXPECT_GT(known.confidence, unknown.confidence + 0.3);
}

TEST_F(AnswererTest, EmptyAndWordlessQuestionsAreNotErrors) {
  for (const char* text : {"", "   ", "the of and", "???", "\"\""}) {
    const Answer answer = ask(text);
    EXPECT_FALSE(answer.found) << text;
    EXPECT_EQ(answer.confidence, 0.0) << text;
    EXPECT_EQ(answer.text, generate::kNothingFound);
  }
}

TEST_F(AnswererTest, VeryLongAndForeignQuestionsAreAnsweredInTheSameWay) {
  std::string text = "lighthouse Calder";
  for (int i = 0; i < 50'000; ++i) text += " filler" + std::to_string(i);
  ask(text);
  EXPECT_FALSE(ask("Когда построен маяк?").found);
  EXPECT_FALSE(ask("灯台はいつ建てられましたか").found);
}

TEST_F(AnswererTest, GivesTheGeneratorNoMoreThanAskedFor) {
  const Answerer answerer(*retriever, scripted);
  const Result<Answer> answer = answerer.answer({"lighthouse cheese engine", 2, Effort::fast});
  ASSERT_TRUE(answer);
  EXPECT_THAT(scripted.last.passages, SizeIs(2));
  EXPECT_EQ(answer->context_used, 2U);
}

TEST_F(AnswererTest, SourcesFollowTheCitations) {
  generate::Draft draft{"Said [2] and [1].", {1, 0, 1, 77}, true, 0.9};
  scripted.next = draft;
  const Answerer answerer(*retriever, scripted);
  const Result<Answer> answer = answerer.answer({"lighthouse cheese engine", 3, Effort::fast});
  ASSERT_TRUE(answer);
  ASSERT_THAT(answer->sources, SizeIs(3));
  EXPECT_EQ(answer->sources[0], scripted.last.passages[1].path);
  EXPECT_EQ(answer->sources[1], scripted.last.passages[0].path);
  EXPECT_EQ(answer->sources[2], scripted.last.passages[2].path);
}

TEST_F(AnswererTest, PassesTheGeneratorsErrorOn) {
  scripted.next = Error{ErrorCode::unavailable, "down"};
  const Result<Answer> answer =
      Answerer(*retriever, scripted).answer({"lighthouse", 5, Effort::fast});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
}

TEST_F(AnswererTest, EvidenceIsWhatAnAnswerWouldRestOn) {
  const Answerer answerer(*retriever, extractive);
  for (const Effort effort : {Effort::simple, Effort::fast, Effort::thorough}) {
    const Question question{"When was the lighthouse built?", 5, effort};
    const auto answer = answerer.answer(question);
    const auto evidence = answerer.evidence(question);
    ASSERT_TRUE(answer);
    ASSERT_TRUE(evidence);
    EXPECT_EQ(answer->evidence, evidence->digest);
    EXPECT_EQ(answer->epoch, evidence->epoch);
  }
}

TEST_F(AnswererTest, EvidenceChangesWithItsDocumentsAndNotWithOthers) {
  const Answerer answerer(*retriever, extractive);
  const Question question{"When was the lighthouse of Calder built?", 5, Effort::fast};
  const auto before = answerer.evidence(question);
  ASSERT_TRUE(before);

  put(document("wine.md", "Wine", {"Grapes are pressed in autumn."}));
  commit();
  const auto unrelated = answerer.evidence(question);
  ASSERT_TRUE(unrelated);
  EXPECT_EQ(unrelated->digest, before->digest);
  EXPECT_NE(unrelated->epoch, before->epoch);

  put(document("harbour.md", "Harbours", {"The lighthouse of Calder island was built in 1901."}));
  commit();
  const auto changed = answerer.evidence(question);
  ASSERT_TRUE(changed);
  EXPECT_NE(changed->digest, before->digest);
}

TEST_F(AnswererTest, ASecondRoundFindsWhatTheFirstOnlyHintsAt) {
  put(document("lamps.md", "Lamps",
               {"Rapeseed oil burns without smoke when the wick is trimmed."}));
  put(document("towers.md", "Towers",
               {"Calder island has one lighthouse, lit with rapeseed oil."}));
  commit();
  const Question fast{"lighthouse Calder", 5, Effort::fast};
  const Question thorough{"lighthouse Calder", 5, Effort::thorough};
  const Answerer answerer(*retriever, extractive);
  EXPECT_THAT(answerer.answer(fast)->document_ids, Not(Contains("lamps.md")));
  EXPECT_THAT(answerer.answer(thorough)->document_ids, Contains("lamps.md"));
}

TEST_F(AnswererTest, ExpansionAddsWordsOfTheBestHitsAndNothingWithoutHits) {
  EXPECT_EQ(expand_question("lighthouse", {}, *index), "lighthouse");
  const auto found = index->search({"lighthouse", 3, {}});
  ASSERT_TRUE(found);
  const std::string expanded = expand_question("lighthouse", found->hits, *index);
  EXPECT_THAT(expanded, HasSubstr("lighthouse "));
  EXPECT_THAT(expanded, HasSubstr("Calder"));
  EXPECT_EQ(expanded.find("lighthouse", 1), std::string::npos);
}

TEST_F(AnswererTest, TheVersionFollowsTheGenerator) {
  const Answerer answerer(*retriever, scripted);
  const Digest version = answerer.version();
  EXPECT_EQ(answerer.version(), version);
  scripted.label = "two";
  EXPECT_NE(answerer.version(), version);
}

TEST(EvidenceDigest, DependsOnIdsHashesAndOrder) {
  search::Hit a;
  a.chunk_id = "a#0";
  search::Hit b;
  b.chunk_id = "b#0";
  const Digest both = evidence_digest({a, b});
  EXPECT_EQ(evidence_digest({a, b}), both);
  EXPECT_NE(evidence_digest({b, a}), both);
  EXPECT_NE(evidence_digest({a}), both);
  search::Hit changed = a;
  changed.content_hash = sha256("new");
  EXPECT_NE(evidence_digest({changed, b}), both);
  changed = a;
  changed.score = 7.0;
  EXPECT_EQ(evidence_digest({changed, b}), both);
}

}  // namespace
}  // namespace liquid::rag
