#include "train/data/dataset.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "base/digest.h"
#include "train/data/data_fixture_test.h"

namespace liquid::train {
namespace {

using ::testing::HasSubstr;

std::string chat_rows(int count) {
  std::string rows;
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    rows += R"({"messages": [{"role": "user", "content": "What is )" + n +
            R"(?"}, {"role": "assistant", "content": ")" +
            std::string(static_cast<std::size_t>(i % 37), 'x') + n + "\"}]}\n";
  }
  return rows;
}

class DatasetTest : public InFolder {
 protected:
  static Result<Dataset> read(const std::filesystem::path& path,
                              const DatasetOptions& options = {}) {
    return read_dataset(path.string(), tiny_tokenizer(), tiny_chat(), options);
  }
  static Error error_of(const std::filesystem::path& path, const DatasetOptions& options = {}) {
    Result<Dataset> dataset = read(path, options);
    EXPECT_FALSE(dataset);
    return dataset ? Error{} : std::move(dataset).error();
  }
};

TEST_F(DatasetTest, CountsTokens) {
  const Dataset dataset = read(write("a.jsonl", chat_rows(5))).value();
  std::int64_t tokens = 0;
  std::int64_t trained = 0;
  for (const Sample& sample : dataset.samples) {
    ASSERT_EQ(sample.ids.size(), sample.labels.size());
    for (std::size_t i = 0; i < sample.ids.size(); ++i) {
      EXPECT_TRUE(sample.labels[i] == -100 || sample.labels[i] == sample.ids[i]);
    }
    tokens += static_cast<std::int64_t>(sample.ids.size());
    trained +=
        std::count_if(sample.labels.begin(), sample.labels.end(), [](int l) { return l >= 0; });
  }
  EXPECT_EQ(dataset.counts,
            (DatasetCounts{.rows = 5, .tokens = tokens, .trained_tokens = trained}));
  EXPECT_EQ(dataset.format, RowFormat::messages);
}

TEST_F(DatasetTest, IsTheSameWhateverTheNumberOfThreads) {
  const std::filesystem::path file = write("a.jsonl", chat_rows(3000));
  DatasetOptions options{.threads = 1};
  const Dataset one = read(file, options).value();
  options.threads = 5;
  const Dataset five = read(file, options).value();
  EXPECT_EQ(one.samples, five.samples);
  EXPECT_EQ(one.digest, five.digest);
  EXPECT_EQ(one.samples.size(), 3000u);
}

TEST_F(DatasetTest, DigestFollowsWhatIsTrainedAndNotHowItLies) {
  const std::string rows = chat_rows(20);
  const Dataset plain = read(write("a.jsonl", rows)).value();
  const Dataset packed = read(write_gzip("b.jsonl.gz", rows)).value();
  EXPECT_EQ(plain.digest, packed.digest);
  EXPECT_NE(plain.files_digest, packed.files_digest);
  EXPECT_EQ(plain.files_digest, sha256(rows).hex());
  EXPECT_EQ(plain.digest.size(), 64u);
  EXPECT_NE(plain.digest, read(write("c.jsonl", chat_rows(19))).value().digest);
  EXPECT_NE(plain.digest,
            read(folder() / "a.jsonl", {.train_on = TrainOn::everything}).value().digest);
  EXPECT_NE(plain.digest, read(folder() / "a.jsonl", {.max_length = 30}).value().digest);
}

TEST_F(DatasetTest, DigestNeverChanges) {
  const std::vector<Sample> samples = {{{1, 300}, {-100, 300}}, {{7}, {-100}}};
  DigestBuilder by_hand;
  by_hand.field("liquid samples 1").field(std::uint64_t{2});
  by_hand.field(std::string_view("\1\0\0\0\0\x2c\1\0\0\1", 10));
  by_hand.field(std::string_view("\7\0\0\0\0", 5));
  EXPECT_EQ(samples_digest(samples), by_hand.finish().hex());
}

TEST_F(DatasetTest, ReadsFilesOfDifferentFormatsTogether) {
  write("data/a.jsonl", chat_rows(2));
  write("data/b.json", R"([{"instruction": "Add.", "output": "3"}])");
  write("data/c.jsonl", chat_rows(1));
  const Dataset dataset = read(folder() / "data").value();
  EXPECT_EQ(dataset.samples.size(), 4u);
  EXPECT_EQ(dataset.format, RowFormat::messages);
  EXPECT_EQ(dataset.files.size(), 3u);
}

TEST_F(DatasetTest, SkipsFewBadRowsAndKeepsTheirReasons) {
  const std::filesystem::path file = write("a.jsonl", chat_rows(99) + "{\"messages\": []}\n");
  const Dataset dataset = read(file).value();
  EXPECT_EQ(dataset.counts.bad, 1);
  EXPECT_EQ(dataset.counts.rows, 100);
  ASSERT_EQ(dataset.bad_rows.size(), 1u);
  EXPECT_EQ(dataset.bad_rows[0].text(), file.string() + ":100: \"messages\" is empty");
}

TEST_F(DatasetTest, RefusesMoreBadRowsAndShowsTheFirst) {
  std::string rows = chat_rows(30);
  for (int i = 0; i < 12; ++i) rows += "{\"messages\": []}\n";
  const std::filesystem::path file = write("a.jsonl", rows);
  const Error error = error_of(file);
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_THAT(error.message, HasSubstr("12 of 42 rows (28.6 %) cannot be used, more than the 1 % "
                                       "that --max-bad-rows allows:\n  " +
                                       file.string() + ":31: \"messages\" is empty\n"));
  EXPECT_THAT(error.message, ::testing::EndsWith("\n  … and 2 more"));
  EXPECT_EQ(read(file, {.max_bad_rows = 0.3}).value().counts.bad, 12);
}

TEST_F(DatasetTest, KeepsAHundredBadRowsAndCountsAll) {
  std::string rows = chat_rows(1);
  for (int i = 0; i < 250; ++i) rows += "{}\n";
  const Dataset dataset = read(write("a.jsonl", rows), {.max_bad_rows = 1}).value();
  EXPECT_EQ(dataset.bad_rows.size(), 100u);
  EXPECT_EQ(dataset.counts.bad, 250);
}

TEST_F(DatasetTest, AReasonCannotCommandTheTerminalOrFillIt) {
  const std::string role = "\\u001b[2J" + std::string(5000, 'x');
  const Error error =
      error_of(write("a.jsonl", R"({"messages": [{"role": ")" + role + R"(", "content": ""}]})"));
  EXPECT_THAT(error.message, HasSubstr("unknown role \"\\x1b[2Jxxx"));
  EXPECT_LT(error.message.size(), 700u);
}

TEST_F(DatasetTest, ShowsTheBytesOfALatin1File) {
  const Error error = error_of(write("a.jsonl", "{\"text\": \"caf\xE9\"}\n"));
  EXPECT_THAT(error.message, HasSubstr("byte 0xE9 is not UTF-8"));
  const Error document = error_of(write("b.txt", "one\ntwo caf\xE9\n"));
  EXPECT_THAT(document.message, HasSubstr("b.txt:2: byte 0xE9 is not UTF-8"));
}

TEST_F(DatasetTest, RefusesOptionsOutOfRange) {
  const std::filesystem::path file = write("a.jsonl", chat_rows(1));
  EXPECT_EQ(error_of(file, {.max_length = 1}).message,
            "max_length is 1, expected at least 2 tokens");
  EXPECT_THAT(error_of(file, {.max_bad_rows = 1.5}).message, HasSubstr("between 0 and 1"));
  EXPECT_THAT(error_of(file, {.max_bad_rows = std::nan("")}).message, HasSubstr("between 0 and 1"));
}

TEST_F(DatasetTest, SaysThatAFolderHoldsNothing) {
  EXPECT_EQ(error_of(folder() / "none").code, ErrorCode::not_found);
  write("a.jsonl", "\n");
  EXPECT_EQ(error_of(folder()).message, folder().string() + ": no rows");
}

TEST_F(DatasetTest, FormatsHaveNames) {
  for (const RowFormat format :
       {RowFormat::detect, RowFormat::alpaca, RowFormat::sharegpt, RowFormat::messages,
        RowFormat::prompt_completion, RowFormat::text}) {
    EXPECT_EQ(row_format_named(row_format_name(format)), format);
  }
  EXPECT_FALSE(row_format_named("csv"));
}

class HeldOut : public DatasetTest {
 protected:
  Dataset whole() const { return read(write("a.jsonl", chat_rows(100))).value(); }
};

TEST_F(HeldOut, TakesAShareAndKeepsTheOrder) {
  const Dataset all = whole();
  Dataset rest = all;
  const Dataset held_out = take_held_out(rest, 0.1, 5);
  EXPECT_EQ(held_out.samples.size(), 10u);
  EXPECT_EQ(rest.samples.size(), 90u);
  auto at = held_out.samples.begin();
  auto kept = rest.samples.begin();
  for (const Sample& sample : all.samples) {
    if (at != held_out.samples.end() && *at == sample) {
      ++at;
    } else {
      ASSERT_NE(kept, rest.samples.end());
      EXPECT_EQ(*kept++, sample);
    }
  }
  EXPECT_EQ(at, held_out.samples.end());
}

TEST_F(HeldOut, CountsBothPartsAnew) {
  const Dataset all = whole();
  Dataset rest = all;
  const Dataset held_out = take_held_out(rest, 0.1, 5);
  EXPECT_EQ(rest.counts.rows, 90);
  EXPECT_EQ(held_out.counts.rows, 10);
  EXPECT_EQ(rest.counts.tokens + held_out.counts.tokens, all.counts.tokens);
  EXPECT_EQ(rest.counts.trained_tokens + held_out.counts.trained_tokens, all.counts.trained_tokens);
  EXPECT_EQ(rest.digest, samples_digest(rest.samples));
  EXPECT_NE(rest.digest, all.digest);
}

TEST_F(HeldOut, DependsOnTheSeedAlone) {
  Dataset a = whole();
  Dataset b = a;
  Dataset c = a;
  const Dataset by_a = take_held_out(a, 0.2, 1);
  EXPECT_EQ(by_a.digest, take_held_out(b, 0.2, 1).digest);
  EXPECT_NE(by_a.digest, take_held_out(c, 0.2, 2).digest);
}

TEST_F(HeldOut, LeavesSomethingOnBothSides) {
  Dataset two = read(write("a.jsonl", chat_rows(2))).value();
  Dataset same = two;
  EXPECT_EQ(take_held_out(two, 0.001, 1).samples.size(), 1u);
  EXPECT_EQ(take_held_out(same, 1.0, 1).samples.size(), 1u);
  EXPECT_EQ(same.samples.size(), 1u);
  EXPECT_EQ(take_held_out(same, 0.5, 1).samples.size(), 0u);
}

TEST_F(HeldOut, TakesNothingForNothing) {
  Dataset dataset = whole();
  const std::string digest = dataset.digest;
  EXPECT_TRUE(take_held_out(dataset, 0, 1).samples.empty());
  EXPECT_EQ(dataset.digest, digest);
}

}  // namespace
}  // namespace liquid::train
