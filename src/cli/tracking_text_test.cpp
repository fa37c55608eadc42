#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "cli/listing.h"
#include "cli/run_compare.h"
#include "cli/run_views.h"
#include "cli/tag_flags.h"
#include "cli/text_plot.h"
#include "cli/tracking_views.h"

namespace liquid::cli {
namespace {

using tracking::Metric;

const double kNan = std::nan("");
const double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Metric> points(const std::vector<double>& values) {
  std::vector<Metric> all;
  for (const double value : values) {
    all.push_back({.key = "m", .value = value, .step = static_cast<std::int64_t>(all.size())});
  }
  return all;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t from = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', from)) {
    lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

TEST(CsvField, IsQuotedOnlyWhereItMustBe) {
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field(""), "");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
}

TEST(ReadableNumber, KeepsSixDigitsThatCount) {
  EXPECT_EQ(readable_number(0.1), "0.1");
  EXPECT_EQ(readable_number(1234567.0), "1.23457e+06");
  EXPECT_EQ(readable_number(-3.0), "-3");
  EXPECT_EQ(readable_number(1e-7), "1e-07");
}

TEST(NumberText, ExactDigitsMakeTheSameNumberAgain) {
  for (const double value : {0.1, 1.0 / 3.0, 1234567.0, 5e-324, -1.7976931348623157e308}) {
    EXPECT_EQ(std::strtod(number_text(value, Digits::exact).c_str(), nullptr), value);
  }
  EXPECT_EQ(number_text(0.1, Digits::exact), "0.1");
  EXPECT_EQ(number_text(kNan, Digits::exact), "NaN");
}

TEST(ReadableNumber, NamesWhatIsNoNumber) {
  EXPECT_EQ(readable_number(kNan), "NaN");
  EXPECT_EQ(readable_number(kInfinity), "inf");
  EXPECT_EQ(readable_number(-kInfinity), "-inf");
}

TEST(ParseTags, TheKeyEndsAtTheFirstEqualsSign) {
  const auto tags = parse_tags({"team=nlp", "note=a=b", "empty="});
  ASSERT_TRUE(tags);
  EXPECT_EQ(*tags, (std::vector<tracking::Tag>{{"team", "nlp"}, {"note", "a=b"}, {"empty", ""}}));
}

TEST(ParseTags, NamesWhatIsNoTag) {
  for (const char* text : {"team", "=x", ""}) {
    const auto tags = parse_tags({text});
    ASSERT_FALSE(tags) << text;
    EXPECT_EQ(tags.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(tags.error().message.find("'" + std::string(text) + "'"), std::string::npos);
  }
}

TEST(BetterDirection, ScoresRiseAndLossesFall) {
  for (const char* key : {"loss", "eval_loss", "final_train_loss", "perplexity", "error_rate",
                          "seconds", "something"}) {
    EXPECT_EQ(better_direction(key), Better::lower) << key;
  }
  for (const char* key : {"accuracy", "eval_accuracy", "f1", "bleu", "rouge1", "val_score"}) {
    EXPECT_EQ(better_direction(key), Better::higher) << key;
  }
}

TEST(SummaryOf, FindsFirstLastAndBest) {
  const MetricSummary low = summary_of(points({3, 1, 2}), Better::lower);
  EXPECT_EQ(low.first, 3);
  EXPECT_EQ(low.last, 2);
  EXPECT_EQ(low.best, 1);
  EXPECT_EQ(low.best_step, 1);
  EXPECT_EQ(low.points, 3U);
  EXPECT_EQ(summary_of(points({3, 1, 2}), Better::higher).best, 3);
}

TEST(SummaryOf, TheBestIsANumberAndTheLastSaysThatARunDiverged) {
  const MetricSummary summary = summary_of(points({kNan, 4, 2, kNan}), Better::lower);
  EXPECT_EQ(summary.best, 2);
  EXPECT_EQ(summary.best_step, 2);
  EXPECT_TRUE(std::isnan(summary.last));
}

TEST(SummaryOf, IsNaNWhenThereIsNothingElse) {
  const MetricSummary summary = summary_of(points({kNan, kNan}), Better::lower);
  EXPECT_TRUE(std::isnan(summary.last));
  EXPECT_TRUE(std::isnan(summary.best));
}

TEST(TextPlot, OfNothingIsEmpty) {
  EXPECT_EQ(text_plot({}, {}), "");
  EXPECT_EQ(text_plot({{'a', {}}}, {}), "");
  EXPECT_EQ(text_plot({{'a', {{0, kNan}, {1, kInfinity}}}}, {}), "");
}

TEST(TextPlot, KeepsToItsColumns) {
  Curve curve{'a', {}};
  for (int i = 0; i < 1000; ++i) curve.points.emplace_back(i * 1e6, std::sin(i / 50.0) * 1e-9);
  for (const std::size_t columns : {30U, 40U, 80U, 200U}) {
    for (const std::string& line : lines_of(text_plot({curve}, {columns, 8}))) {
      EXPECT_LE(line.size(), columns) << line;
    }
  }
}

TEST(TextPlot, ASingleOrConstantPointIsDrawn) {
  for (const auto& points : {std::vector<std::pair<double, double>>{{5, 2}},
                             std::vector<std::pair<double, double>>{{0, 1}, {9, 1}}}) {
    EXPECT_NE(text_plot({{'x', points}}, {40, 5}).find('x'), std::string::npos);
  }
}

TEST(TextPlot, AFallingCurveStartsAboveItsEnd) {
  const auto lines = lines_of(text_plot({{'x', {{0, 10}, {100, 0}}}}, {60, 6}));
  std::vector<std::size_t> marks;
  for (const std::string& line : lines) {
    if (const auto at = line.find('x'); at != std::string::npos) marks.push_back(at);
  }
  ASSERT_GE(marks.size(), 2U);
  EXPECT_LT(marks.front(), marks.back());
}

TEST(KeysOfOrder, DropsDirectionsAndWhatIsShownAnyway) {
  EXPECT_EQ(keys_of_order({"metrics.loss ASC", "params.lr desc", "start_time DESC",
                           "attributes.run_name", "tags.team"}),
            (std::vector<std::string>{"metrics.loss", "params.lr", "tags.team"}));
}

}  // namespace
}  // namespace liquid::cli
