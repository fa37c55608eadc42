#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "search/chunk_index.h"

/// What the tests of this room share.
namespace liquid::search::testing {

/// A folder of its own for every test, removed afterwards.
class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("liquid_search_" + std::to_string(::getpid()) + "_" + info->test_suite_name() + "_" +
               info->name());
    std::filesystem::remove_all(folder_);
  }
  ~FolderTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<ChunkIndex> open(OpenMode mode, const Settings& settings = {}) const {
    Result<std::unique_ptr<ChunkIndex>> index = ChunkIndex::open(folder_, mode, settings);
    EXPECT_TRUE(index) << index.error().message;
    return index ? std::move(index).value() : nullptr;
  }

  std::filesystem::path folder_;
};

/// Random numbers, the same in every run.
class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}

  /// 0 … below - 1.
  std::size_t operator()(std::size_t below) { return random_() % below; }
  /// 1 … below, small numbers far more often, as words in a text.
  std::size_t skewed(double below) {
    return static_cast<std::size_t>(std::pow(below, static_cast<double>((*this)(10'000)) / 1e4));
  }

 private:
  std::mt19937 random_;
};

inline void must(const Result<void>& result) { ASSERT_TRUE(result) << result.error().message; }

/// A document whose content hash is that of its texts.
struct Sample {
  corpus::Document document;
  std::vector<corpus::Chunk> chunks;
};

inline Sample sample(const std::string& id, const std::vector<std::string>& texts,
                     const std::string& title = "") {
  Sample made;
  made.document.id = corpus::DocumentId(id);
  made.document.path = id;
  made.document.title = title;
  DigestBuilder hash;
  for (const std::string& text : texts) {
    hash.field(text);
    corpus::Chunk chunk;
    chunk.document_id = made.document.id;
    chunk.ordinal = static_cast<std::uint32_t>(made.chunks.size());
    chunk.title = title;
    chunk.text = text;
    made.chunks.push_back(std::move(chunk));
  }
  made.document.content_hash = hash.finish();
  return made;
}

inline void put(ChunkIndex& index, const Sample& made) {
  must(index.put(made.document, made.chunks));
}

inline std::vector<std::string> ids(const Result<RankedList>& list) {
  EXPECT_TRUE(list) << list.error().message;
  std::vector<std::string> found;
  if (!list) return found;
  for (const Hit& hit : list->hits) found.push_back(hit.chunk_id);
  return found;
}

inline std::vector<std::string> search(const ChunkIndex& index, const std::string& text,
                                       std::size_t top_k = 10) {
  return ids(index.search({.text = text, .top_k = top_k, .filter = {}}));
}

}  // namespace liquid::search::testing
