// BM25 by its formula over random corpora, against the index in every shape it can take.

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "search/analyzer.h"
#include "search/testing.h"

namespace liquid::search {
namespace {

using namespace liquid::search::testing;

std::vector<std::string> terms_of(const std::string& text) {
  Analyzer analyzer = Analyzer::create("english").value();
  std::vector<std::string> terms;
  for_each_token(text, [&](const Token& token) {
    const std::string_view term = analyzer.term(token.surface);
    if (!term.empty()) terms.emplace_back(term);
  });
  return terms;
}

/// The formula, with nothing precomputed and nothing left out.
class NaiveBm25 {
 public:
  NaiveBm25(const std::map<std::string, Sample>& documents, const Settings& settings)
      : settings_(settings) {
    for (const auto& [id, made] : documents) {
      for (const corpus::Chunk& chunk : made.chunks) add(chunk);
    }
  }

  struct Scored {
    std::string document_id;
    std::uint32_t ordinal = 0;
    double score = 0.0;
    std::string chunk_id() const { return document_id + "#" + std::to_string(ordinal); }
  };

  std::vector<Scored> search(const std::string& question, std::size_t top_k) const {
    std::vector<Scored> found;
    for (const Entry& entry : entries_) {
      double score = 0.0;
      bool any = false;
      for (const std::string& term : terms_of(question)) {
        const auto frequency = entry.frequencies.find(term);
        if (frequency == entry.frequencies.end()) continue;
        any = true;
        const double norm =
            settings_.k1 * (1 - settings_.b + settings_.b * entry.length / (total_ / count()));
        score += idf(term) * frequency->second * (settings_.k1 + 1) / (frequency->second + norm);
      }
      if (any) found.push_back({entry.document_id, entry.ordinal, score});
    }
    std::sort(found.begin(), found.end(), [](const Scored& a, const Scored& b) {
      // Sums of the same parts in another order differ in the last bits.
      if (std::abs(a.score - b.score) > 1e-9) return a.score > b.score;
      if (a.document_id != b.document_id) return a.document_id < b.document_id;
      return a.ordinal < b.ordinal;
    });
    if (found.size() > top_k) found.resize(top_k);
    return found;
  }

 private:
  struct Entry {
    std::string document_id;
    std::uint32_t ordinal = 0;
    std::map<std::string, double> frequencies;
    double length = 0.0;
  };

  void add(const corpus::Chunk& chunk) {
    Entry entry{chunk.document_id.str(), chunk.ordinal, {}, 0.0};
    const auto field = [&](const std::string& text, double weight) {
      for (const std::string& term : terms_of(text)) {
        if (weight == 0.0) continue;
        entry.frequencies[term] += weight;
        entry.length += weight;
      }
    };
    field(chunk.title, settings_.title_weight);
    field(chunk.section, settings_.section_weight);
    field(chunk.text, 1.0);
    for (const auto& [term, frequency] : entry.frequencies) ++document_frequency_[term];
    total_ += entry.length;
    entries_.push_back(std::move(entry));
  }

  double count() const { return static_cast<double>(entries_.size()); }
  double idf(const std::string& term) const {
    const double df = document_frequency_.at(term);
    return std::log(1 + (count() - df + 0.5) / (df + 0.5));
  }

  const Settings settings_;
  std::vector<Entry> entries_;
  std::map<std::string, double> document_frequency_;
  double total_ = 0.0;
};

class RankingTest : public FolderTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  RankingTest() : dice_(GetParam()) {
    folder_ = folder_.string().substr(0, folder_.string().rfind('/')) + "_ranking" +
              std::to_string(GetParam());
    std::filesystem::remove_all(folder_);
    if (GetParam() % 2 == 1) {
      settings_.title_weight = 1.5;
      settings_.section_weight = 0.0;
      settings_.k1 = 0.9;
      settings_.b = 0.4;
    }
  }

  // Few different words and short texts: many equal scores.
  std::string words(std::size_t most) {
    std::string text;
    for (std::size_t left = dice_(most + 1); left > 0; --left) {
      text += "w" + std::to_string(dice_.skewed(40.0)) + " ";
    }
    return text;
  }

  Sample random_sample() {
    std::vector<std::string> texts(dice_(4));
    for (std::string& text : texts) text = words(12);
    Sample made = sample("doc" + std::to_string(dice_(150)), texts, words(2));
    for (corpus::Chunk& chunk : made.chunks) chunk.section = words(2);
    return made;
  }

  void change(ChunkIndex& index) {
    if (dice_(4) == 0 && !documents_.empty()) {
      auto at = documents_.begin();
      std::advance(at, static_cast<long>(dice_(documents_.size())));
      EXPECT_TRUE(index.remove(at->first).value_or(false));
      documents_.erase(at);
      return;
    }
    Sample made = random_sample();
    put(index, made);
    documents_[made.document.id.str()] = std::move(made);
  }

  void expect_right(const ChunkIndex& index) {
    const NaiveBm25 naive(documents_, settings_);
    for (int i = 0; i < 15; ++i) {
      const std::string question = words(6) + (i % 3 == 0 ? "w1 w1 unknown" : "");
      const std::size_t top_k = i % 4 == 0 ? 1000 : 1 + dice_(12);
      const std::vector<NaiveBm25::Scored> expected = naive.search(question, top_k);
      const Result<RankedList> found =
          index.search({.text = question, .top_k = top_k, .filter = {}});
      ASSERT_TRUE(found) << found.error().message;
      ASSERT_EQ(found->hits.size(), expected.size()) << question;
      for (std::size_t rank = 0; rank < expected.size(); ++rank) {
        ASSERT_EQ(found->hits[rank].chunk_id, expected[rank].chunk_id()) << question << " " << rank;
        ASSERT_NEAR(found->hits[rank].score, expected[rank].score,
                    1e-5 * (1 + expected[rank].score));
      }
    }
  }

  Dice dice_;
  Settings settings_;
  std::map<std::string, Sample> documents_;
};

TEST_P(RankingTest, EqualsTheFormulaThroughEveryChangeAndMerge) {
  auto index = open(OpenMode::create, settings_);
  for (int commit = 0; commit < 40; ++commit) {
    for (std::size_t changes = 1 + dice_(12); changes > 0; --changes) change(*index);
    must(index->commit());
    if (commit % 4 == 3) expect_right(*index);
    if (commit == 25) index = nullptr, index = open(OpenMode::read_write);
  }
  const std::uint64_t segments = index->totals().segments;
  must(index->check());
  must(index->merge());
  EXPECT_LE(index->totals().segments, segments);
  EXPECT_EQ(index->totals().segments, 1U);
  expect_right(*index);
  must(index->check());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RankingTest, ::testing::Range(1U, 7U));

// Enough chunks for several windows and many blocks, compared with one-segment and many-segment
// twins.
TEST(Ranking, DoesNotDependOnHowChunksAreSpread) {
  const auto folder = std::filesystem::temp_directory_path() /
                      ("liquid_search_spread_" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  Dice dice(99);
  std::vector<Sample> samples;
  for (int i = 0; i < 9'000; ++i) {
    std::string text;
    for (std::size_t left = 3 + dice(25); left > 0; --left) {
      text += "w" + std::to_string(dice.skewed(2000.0)) + " ";
    }
    samples.push_back(sample(std::to_string(i), {text}));
  }
  const auto one = ChunkIndex::open(folder / "one", OpenMode::create).value();
  const auto many = ChunkIndex::open(folder / "many", OpenMode::create).value();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    put(*one, samples[i]);
    put(*many, samples[samples.size() - 1 - i]);
    if (i % 1500 == 700) must(many->commit());
  }
  must(one->commit());
  must(many->commit());
  ASSERT_EQ(one->totals().segments, 1U);
  ASSERT_GT(many->totals().segments, 1U);
  ASSERT_EQ(one->epoch(), many->epoch());
  for (int i = 0; i < 300; ++i) {
    std::string question;
    for (std::size_t left = 1 + dice(7); left > 0; --left) {
      question += "w" + std::to_string(dice.skewed(2000.0)) + " ";
    }
    const Query query{.text = question, .top_k = 1 + dice(30), .filter = {}};
    const Result<RankedList> a = one->search(query);
    const Result<RankedList> b = many->search(query);
    ASSERT_TRUE(a && b);
    ASSERT_EQ(ids(a), ids(b)) << question;
    for (std::size_t rank = 0; rank < a->hits.size(); ++rank) {
      ASSERT_EQ(a->hits[rank].score, b->hits[rank].score) << question;
    }
    if (i % 10 != 0) continue;
    // The best few are the head of the long list: nothing is lost by skipping.
    const Result<RankedList> all = one->search({.text = question, .top_k = 20'000, .filter = {}});
    std::vector<std::string> head = ids(all);
    head.resize(std::min(head.size(), query.top_k));
    ASSERT_EQ(ids(a), head) << question;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace liquid::search
