#include "train/data/inspect.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <boost/json.hpp>
#include <sstream>

#include "base/unicode.h"
#include "train/data/data_fixture_test.h"

namespace liquid::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(BoxedText, MarksWhatIsTrainedLineByLine) {
  EXPECT_EQ(boxed_text({{"user\nHi\n", false}, {"Hello\nyou\n", true}}, {}),
            "  user\n  Hi\n  ⟦Hello↵⟧\n  ⟦you↵⟧\n");
  EXPECT_EQ(boxed_text({{"a ", false}, {"b", true}, {" c", false}}, {.mark = TrainedMark::colour}),
            "  a \x1b[32mb\x1b[0m c\n");
}

TEST(BoxedText, NeverExceedsItsColumns) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "wide 東京 👍 and narrow é, ";
  for (const std::size_t columns : {20u, 33u, 80u}) {
    std::istringstream lines(boxed_text({{text, true}, {text, false}, {text, true}},
                                        {.columns = columns, .max_lines = 1000}));
    for (std::string line; std::getline(lines, line);) {
      std::size_t cells = 0;
      for (std::size_t at = 0; at < line.size();) {
        const char32_t letter = next_code_point(line, at);
        cells += letter >= 0x4E00 ? 2 : 1;
      }
      EXPECT_LE(cells, columns) << line;
    }
  }
}

TEST(BoxedText, ShortensWhatIsLongInTheMiddle) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += std::to_string(i) + "\n";
  EXPECT_EQ(boxed_text({{text, false}}, {.max_lines = 7}),
            "  0\n  1\n  2\n  3\n  … 94 lines …\n  98\n  99\n");
}

TEST(BoxedText, ShowsControlCharacters) {
  EXPECT_EQ(boxed_text({{"\x1b[2J\t\x7f\u009b", false}}, {}), "  \\x1b[2J\\x09\\x7f\\x9b\n");
}

TEST(VisibleText, IsSafeForTheTerminal) {
  EXPECT_EQ(visible_text("é\x1b]\n"), "é\\x1b]\\x0a");
  EXPECT_EQ(visible_text("caf\xE9"), "caf\\xe9");
  EXPECT_EQ(visible_text("éééé", 3), "ééé…");
  EXPECT_EQ(visible_text("ééé", 3), "ééé");
}

class InspectionTest : public InFolder {
 protected:
  Dataset dataset_of(const std::string& rows, DatasetOptions options = {}) const {
    options.max_bad_rows = 1;
    return read_dataset(write("rows.jsonl", rows).string(), tiny_tokenizer(), tiny_chat(), options)
        .value();
  }
  static Inspection inspection_of(const Dataset& dataset, const InspectOptions& options = {}) {
    return inspect(dataset, tiny_tokenizer(), tiny_chat(), options);
  }
  static std::string row(const std::string& question, const std::string& answer) {
    return R"({"messages": [{"role": "user", "content": ")" + question +
           R"("}, {"role": "assistant", "content": ")" + answer + "\"}]}\n";
  }
  static std::string rows(int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += row("Question " + std::to_string(i), "Answer");
    return all;
  }
};

TEST_F(InspectionTest, ShowsSamplesOfBeginningMiddleAndEnd) {
  const Inspection inspection = inspection_of(dataset_of(rows(101)));
  std::vector<std::int64_t> numbers;
  for (const ShownSample& shown : inspection.shown) numbers.push_back(shown.number);
  EXPECT_THAT(numbers, ElementsAre(1, 51, 101));
  EXPECT_THAT(inspection.shown[1].runs,
              ElementsAre(TextRun{"<|startoftext|><|im_start|>user\nQuestion 50<|im_end|>\n"
                                  "<|im_start|>assistant\n",
                                  false},
                          TextRun{"Answer<|im_end|>\n", true}));
  EXPECT_EQ(inspection_of(dataset_of(rows(1))).shown.size(), 1u);
  EXPECT_EQ(inspection_of(dataset_of(rows(2))).shown.size(), 2u);
}

TEST_F(InspectionTest, PlansARealEpoch) {
  const Dataset dataset = dataset_of(rows(50));
  const InspectOptions options{.epoch = {.max_positions = 100, .batch_size = 4, .accumulation = 2}};
  const Inspection inspection = inspection_of(dataset, options);
  EXPECT_EQ(inspection.steps_per_epoch, 7);
  std::int64_t batches = 0;
  for (const StepPlan& step : plan_epoch(dataset, options.epoch, 0)) {
    batches += static_cast<std::int64_t>(step.size());
  }
  EXPECT_EQ(inspection.micro_batches_per_epoch, batches);
  EXPECT_LE(inspection.largest_micro_batch, 100);
  EXPECT_GT(inspection.largest_micro_batch, 50);
}

TEST_F(InspectionTest, EstimatesMemoryAndTime) {
  const Dataset dataset = dataset_of(rows(50));
  InspectOptions options;
  options.epochs = 3;
  options.cost = CostEstimate{.what = "tiny, LoRA r=4, fp32 on cpu",
                              .weight_bytes = 3LL << 30,
                              .trained_bytes = 1LL << 29,
                              .activation_bytes = 1LL << 29,
                              .available_bytes = 2LL << 30,
                              .positions_per_second = 100};
  const Inspection inspection = inspection_of(dataset, options);
  EXPECT_EQ(inspection.memory_bytes, 4LL << 30);
  EXPECT_DOUBLE_EQ(inspection.seconds.value(),
                   static_cast<double>(dataset.counts.tokens) * 3 / 100);
  EXPECT_THAT(inspection.warnings, ElementsAre(HasSubstr("more than the device has")));
  const std::string text = inspection_text(inspection);
  EXPECT_THAT(text, HasSubstr("Estimate for tiny, LoRA r=4, fp32 on cpu\n  memory about 4.0 GiB: "
                              "weights 3.0 GiB"));
  EXPECT_THAT(text, HasSubstr("for 3 epochs at 100 tokens/s"));
}

TEST_F(InspectionTest, SaysNothingOfCostsThatAreNotKnown) {
  const Inspection inspection = inspection_of(dataset_of(rows(5)));
  EXPECT_FALSE(inspection.memory_bytes);
  EXPECT_THAT(inspection_text(inspection), Not(HasSubstr("Estimate")));
  EXPECT_TRUE(inspection.warnings.empty());
}

TEST_F(InspectionTest, WarnsOfRepetitions) {
  const Inspection inspection =
      inspection_of(dataset_of(rows(5) + rows(2) + row("Question 0", "Other")));
  EXPECT_EQ(inspection.profile.duplicates, 2);
  EXPECT_THAT(inspection.warnings, ElementsAre("2 samples (25 %) repeat an earlier one."));
}

TEST_F(InspectionTest, WarnsOfFewTrainedTokens) {
  const Inspection inspection = inspection_of(dataset_of(row(std::string(400, '!'), "y")));
  EXPECT_THAT(inspection.warnings, ElementsAre(HasSubstr("of the tokens are trained")));
}

TEST_F(InspectionTest, WarnsOfTruncationAndOfRowsWithNothingLeft) {
  const std::string long_rows = row("x", std::string(300, '!')) + row(std::string(300, '?'), "y");
  const Inspection inspection =
      inspection_of(dataset_of(rows(2) + long_rows, {.max_length = 64}), {.max_length = 64});
  EXPECT_THAT(
      inspection.warnings,
      ElementsAre(HasSubstr("1 sample (33 %) lost their end beyond 64 tokens"),
                  HasSubstr("1 row left out, with nothing to learn within the first 64 tokens")));
}

TEST_F(InspectionTest, WarnsOfDroppedRows) {
  const Inspection inspection =
      inspection_of(dataset_of(rows(2) + row("x", std::string(300, '!')),
                               {.over_long = OverLong::drop, .max_length = 64}),
                    {.max_length = 64});
  EXPECT_THAT(inspection.warnings, ElementsAre(HasSubstr("longer than 64 tokens")));
}

TEST_F(InspectionTest, TextFitsItsColumnsAndNamesBadRows) {
  std::string all =
      rows(40) + row(std::string(90, 'w'), std::string(90, 'z')) + "{\"messages\": 1}\n";
  const Inspection inspection = inspection_of(dataset_of(all, {.max_length = 512}));
  const std::string text = inspection_text(inspection);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto letters = std::count_if(line.begin(), line.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    });
    EXPECT_LE(letters, 80) << line;
  }
  EXPECT_THAT(text, HasSubstr("rows                  42  1 bad (left out)\n"));
  EXPECT_THAT(text, HasSubstr("⟦Answer<|im_end|>↵⟧"));
  EXPECT_THAT(text, HasSubstr("rows.jsonl:42: \"messages\" is a number"));
}

TEST_F(InspectionTest, JsonHoldsTheSame) {
  InspectOptions options;
  options.cost = CostEstimate{.what = "tiny", .weight_bytes = 1000};
  const Inspection inspection = inspection_of(dataset_of(rows(3) + "{}\n"), options);
  const boost::json::value value = boost::json::parse(inspection_json(inspection));
  EXPECT_EQ(value.at("profile").at("num_samples"), 3);
  EXPECT_EQ(value.at("steps_per_epoch"), 1);
  EXPECT_EQ(value.at("cost").at("memory_bytes"), 1000);
  EXPECT_TRUE(value.at("cost").at("seconds").is_null());
  EXPECT_EQ(value.at("samples").as_array().size(), 3u);
  EXPECT_EQ(value.at("samples").at(0).at("runs").at(1).at("text"), "Answer<|im_end|>\n");
  EXPECT_EQ(value.at("bad_rows").at(0).at("line"), 4);
  EXPECT_EQ(value.at("profile").at("samples_sha256").as_string(), inspection.profile.digest);
}

TEST_F(InspectionTest, ProfileCountsLengths) {
  const DatasetProfile profile = profile_of(dataset_of(rows(50) + row("x", std::string(300, '!'))),
                                            tiny_tokenizer(), tiny_chat());
  const LengthSummary& lengths = profile.lengths;
  EXPECT_LE(lengths.shortest, lengths.median);
  EXPECT_LE(lengths.median, lengths.percentile_95);
  EXPECT_LT(lengths.percentile_95, lengths.longest);
  EXPECT_LE(lengths.histogram.size(), 12u);
  std::int64_t all = 0;
  for (const LengthBucket& bucket : lengths.histogram) all += bucket.samples;
  EXPECT_EQ(all, 51);
  EXPECT_EQ(lengths.histogram.back().samples, 1);
  EXPECT_LT(lengths.longest, lengths.histogram.back().end);
}

TEST_F(InspectionTest, ProfileKnowsTokenizerAndTemplate) {
  const Dataset dataset = dataset_of(rows(1));
  const DatasetProfile profile = profile_of(dataset, tiny_tokenizer(), tiny_chat());
  EXPECT_EQ(profile.tokenizer_digest, tiny_tokenizer().digest().hex());
  const auto other = tokenizer::ChatTemplate::forced(tiny_tokenizer(), tokenizer::ChatForm::lfm2_5);
  EXPECT_NE(profile.template_digest, profile_of(dataset, tiny_tokenizer(), other).template_digest);
  EXPECT_EQ(mlflow_digest(profile), dataset.digest.substr(0, 10));
}

TEST(MlflowSchema, IsMlflowsColumnSpecification) {
  EXPECT_EQ(mlflow_schema(RowFormat::text),
            R"({"mlflow_colspec":[{"type":"string","required":true,"name":"text"}]})");
  for (const RowFormat format : {RowFormat::alpaca, RowFormat::sharegpt, RowFormat::messages,
                                 RowFormat::prompt_completion}) {
    const boost::json::value schema = boost::json::parse(mlflow_schema(format));
    for (const boost::json::value& column : schema.at("mlflow_colspec").as_array()) {
      EXPECT_TRUE(column.at("name").is_string());
      EXPECT_TRUE(column.at("required").is_bool());
    }
  }
}

}  // namespace
}  // namespace liquid::train
