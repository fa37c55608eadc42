#include "tracking/artifacts/artifact_path.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tracking/text_coding.h"

namespace liquid::tracking::artifacts {
namespace {

std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (escape && text[i + 1] == '0') out.push_back('\0');
    if (!escape || (text[i + 1] != '0' && text[i + 1] != 'e')) {
      out.push_back(text[i]);
    } else {
      ++i;
    }
  }
  return out;
}

TEST(ArtifactPath, IsRefusedWhereTheCasesSaySo) {
  std::ifstream cases(LIQUID_SOURCE_DIR "/tests/cases/tracking/artifact_paths.case");
  int read = 0;
  for (std::string line; std::getline(cases, line);) {
    if (line.empty() || line[0] == '#') continue;
    ++read;
    const std::size_t tab = line.find('\t');
    const std::string path = unescaped(line.substr(tab + 1));
    const Result<void> checked = check_path(path);
    EXPECT_EQ(checked.has_value(), line.substr(0, tab) == "good") << line;
    if (checked) continue;
    EXPECT_EQ(checked.error().code, ErrorCode::invalid_argument) << line;
    EXPECT_EQ(checked.error().message.find("artifact path \""), 0U) << checked.error().message;
  }
  EXPECT_GT(read, 20);
}

TEST(ArtifactPath, NamesWhatItRefuses) {
  EXPECT_NE(check_path("a/../b").error().message.find("\"a/../b\""), std::string::npos);
  EXPECT_NE(check_path(std::string_view("a\0b", 3)).error().message.find("\"a%00b\""),
            std::string::npos);
  EXPECT_EQ(check_path_below_root("").error().code, ErrorCode::invalid_argument);
}

TEST(ArtifactPath, TakesPathsApartAndPutsThemTogether) {
  EXPECT_EQ(join("a", "b/c"), "a/b/c");
  EXPECT_EQ(join("", "b"), "b");
  EXPECT_EQ(join("a", ""), "a");
  EXPECT_EQ(base_name("a/b"), "b");
  EXPECT_EQ(base_name("b"), "b");
  EXPECT_EQ(parent_of("a/b/c"), "a/b");
  EXPECT_EQ(parent_of("c"), "");
}

TEST(ArtifactPath, EncodesAllButUnreservedCharacters) {
  EXPECT_EQ(encode_path("a b/%+ü~"), "a%20b/%25%2B%C3%BC~");
  EXPECT_EQ(percent_encoded("a/b"), "a%2Fb");
  EXPECT_EQ(percent_decoded("a%20b%2fc%C3%bc"), "a b/cü");
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%4"), "%4");
  EXPECT_EQ(percent_decoded("%zz"), "%zz");
  EXPECT_EQ(decode_fully("%25252e"), ".");
}

}  // namespace
}  // namespace liquid::tracking::artifacts
