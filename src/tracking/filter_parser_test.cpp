#include "tracking/filter_parser.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tracking/page_token.h"

namespace liquid::tracking {
namespace {

const char* kind_name(FilterValue::Kind kind) {
  switch (kind) {
    case FilterValue::Kind::none: return "none";
    case FilterValue::Kind::integer: return "integer";
    case FilterValue::Kind::real: return "real";
    case FilterValue::Kind::text: return "text";
    case FilterValue::Kind::word: return "word";
    case FilterValue::Kind::list: return "list";
  }
  return "?";
}

std::string shown(const FilterClause& clause) {
  std::string value = clause.value.is_text() ? clause.value.text : clause.value.written;
  if (clause.value.is_list()) {
    value.clear();
    for (const std::string& text : clause.value.texts) value += (value.empty() ? "" : ",") + text;
  }
  return clause.identifier.entity.value_or("") + "|" + clause.identifier.key + "|" +
         std::string(comparator_text(clause.comparator)) + "|" + kind_name(clause.value.kind) +
         ":" + value;
}

TEST(FilterParser, ReadsEveryCase) {
  std::ifstream file(LIQUID_SOURCE_DIR "/tests/cases/tracking/filters.case");
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    const std::size_t arrow = line.find(" => ");
    if (line.starts_with('#') || arrow == std::string::npos) continue;
    ++cases;
    const std::string expected = line.substr(arrow + 4);
    const auto clauses = parse_filter(line.substr(0, arrow));
    if (expected.starts_with("error ")) {
      ASSERT_FALSE(clauses.has_value()) << line;
      EXPECT_EQ(clauses.error().code, ErrorCode::invalid_argument) << line;
      EXPECT_NE(clauses.error().message.find(expected.substr(6)), std::string::npos)
          << line << "\n"
          << clauses.error().message;
      continue;
    }
    ASSERT_TRUE(clauses.has_value()) << line << "\n" << clauses.error().message;
    std::string found;
    for (const FilterClause& clause : *clauses)
      found += (found.empty() ? "" : " & ") + shown(clause);
    EXPECT_EQ(found, expected);
  }
  EXPECT_GT(cases, 25);
}

TEST(FilterParser, TakesTheEmptyFilterAndRefusesBlanks) {
  const auto empty = parse_filter("");
  ASSERT_TRUE(empty.has_value());
  EXPECT_TRUE(empty->empty());
  EXPECT_FALSE(parse_filter("  ").has_value());
}

TEST(OrderParser, SplitsAsAShellOnceADirectionIsGiven) {
  const auto order = parse_order("metrics.`val loss` DESC");
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(order->identifier.key, "val loss");
  EXPECT_FALSE(order->ascending);
  EXPECT_FALSE(parse_order("metrics.loss ").has_value());
  EXPECT_FALSE(parse_order(" metrics.loss").has_value());
  EXPECT_FALSE(parse_order("metrics.loss DOWN").has_value());
}

TEST(PageToken, OfLoggedModelsBelongsToItsSearch) {
  LoggedModelQuery query;
  query.experiment_ids = {ExperimentId("1")};
  query.filter = "metrics.loss < 1";
  query.page_token = token_of_offset(20, token_scope(query));
  const auto offset = offset_of_token(query);
  ASSERT_TRUE(offset.has_value());
  EXPECT_EQ(*offset, 20);
  query.filter = "metrics.loss < 2";
  const auto other = offset_of_token(query);
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace liquid::tracking
