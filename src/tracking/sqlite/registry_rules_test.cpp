#include "tracking/sqlite/registry_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace liquid::tracking::sqlite {
namespace {

using testing::HasSubstr;

/// "" when the rule was kept.
template <typename T>
std::string complaint(const Result<T>& result) {
  if (result) return "";
  EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
  return result.error().message;
}

TEST(RegistryRules, TakesModelNamesThatArePathSafe) {
  for (const char* name : {"a", "a b", "ünï", "a$%.b", " a ", "a\nb", ".a", "a..b"}) {
    EXPECT_EQ(complaint(check_model_name(name)), "") << name;
  }
}

TEST(RegistryRules, RefusesModelNamesInMlflowsWords) {
  EXPECT_EQ(complaint(check_model_name("")), "Missing value for required parameter 'name'.");
  EXPECT_EQ(complaint(check_model_name(" \t")), "Missing value for required parameter 'name'.");
  EXPECT_EQ(complaint(check_new_model_name("")),
            "Missing value for required parameter 'new_name'.");
  EXPECT_EQ(complaint(check_model_name("a/b")),
            "Invalid model name 'a/b'. Names cannot contain '/' or ':'.");
  EXPECT_EQ(complaint(check_model_name("a:b")),
            "Invalid model name 'a:b'. Names cannot contain '/' or ':'.");
  EXPECT_THAT(complaint(check_model_name("..")),
              HasSubstr("Invalid value \"..\" for parameter 'name' supplied: Names may be treated "
                        "as files in certain cases"));
  EXPECT_THAT(complaint(check_model_name(".")), HasSubstr("would resolve to '.'"));
  EXPECT_THAT(complaint(check_model_name("..a")), HasSubstr("would resolve to '..a'"));
}

TEST(RegistryRules, RefusesTagKeysThatLeadElsewhere) {
  EXPECT_EQ(complaint(check_tag_key("a/b c.d-e:f_ü1")), "");
  EXPECT_THAT(complaint(check_tag_key("a$")),
              HasSubstr("Invalid value \"a$\" for parameter 'key' supplied: Names may only contain "
                        "alphanumerics"));
  EXPECT_THAT(complaint(check_tag_key("")), HasSubstr("would resolve to '.'"));
  EXPECT_THAT(complaint(check_tag_key("a//b")), HasSubstr("would resolve to 'a/b'"));
  EXPECT_THAT(complaint(check_tag_key("a/../../b")), HasSubstr("would resolve to '../b'"));
  EXPECT_THAT(complaint(check_tag_key("/a")), HasSubstr("would resolve to '/a'"));
  EXPECT_THAT(complaint(check_tag_key("a/")), HasSubstr("would resolve to 'a'"));
  EXPECT_NE(complaint(check_tag_key("\xff")), "");
}

TEST(RegistryRules, CountsCharactersOfTagsAndNotBytes) {
  std::string umlauts;
  for (int i = 0; i < 250; ++i) umlauts += "ü";
  EXPECT_EQ(complaint(check_model_tag({umlauts, "v"})), "");
  EXPECT_EQ(complaint(check_model_tag({umlauts + "x", "v"})),
            "'key' exceeds the maximum length of 250 characters");
  EXPECT_EQ(complaint(check_model_tag({"k", std::string(100'000, 'v')})), "");
  EXPECT_EQ(complaint(check_model_tag({"k", std::string(100'001, 'v')})),
            "'value' exceeds the maximum length of 100000 characters");
  EXPECT_EQ(complaint(check_version_tag({std::string(kPromptTextTag), std::string(100'001, 'v')})),
            "Prompt text exceeds max length of 100000 characters.");
}

TEST(RegistryRules, RefusesAliasesInMlflowsWords) {
  for (const char* alias : {"champion", "a-b_c", "v", "v1a", "ünï"}) {
    EXPECT_EQ(complaint(check_new_alias(alias)), "") << alias;
  }
  EXPECT_EQ(complaint(check_alias("")), "Registered model alias name cannot be empty.");
  EXPECT_EQ(complaint(check_alias("a.b")),
            "Invalid alias name: 'a.b'. Names may only contain alphanumerics, underscores (_), and "
            "dashes (-).");
  EXPECT_EQ(complaint(check_alias(std::string(256, 'x'))),
            "'Registered model alias name' exceeds the maximum length of 255 characters");
  EXPECT_EQ(complaint(check_new_alias(std::string(255, 'x'))), "");
  EXPECT_EQ(complaint(check_new_alias("Latest")),
            "'latest' alias name (case insensitive) is reserved.");
  EXPECT_EQ(complaint(check_new_alias("V22")), "Version alias name 'V22' is reserved.");
}

TEST(RegistryRules, AllowsToLookUpAReservedAlias) {
  EXPECT_EQ(complaint(check_alias("latest")), "");
  EXPECT_EQ(complaint(check_alias("v1")), "");
}

TEST(RegistryRules, RefusesNamesOfLoggedModels) {
  EXPECT_EQ(complaint(check_logged_model_name("a b-c_d$")), "");
  for (const char* name : {"a/b", "a:b", "a.b", "a%b", "a\"b", "a'b", ""}) {
    EXPECT_THAT(complaint(check_logged_model_name(name)),
                HasSubstr("Model name must be a non-empty string and cannot contain the following "
                          "characters: ('/', ':', '.', '%', '\"', \"'\")"))
        << name;
  }
}

TEST(RegistryRules, ReadsVersionsAsPythonReadsIntegers) {
  EXPECT_EQ(version_number("12").value_or(0), 12);
  EXPECT_EQ(version_number(" 1 ").value_or(0), 1);
  EXPECT_EQ(version_number("+1").value_or(0), 1);
  EXPECT_EQ(version_number("-1").value_or(0), -1);
  for (const char* text : {"", "one", "1.0", "+-1", "1 2", "99999999999999999999"}) {
    EXPECT_EQ(complaint(version_number(text)),
              "Parameter 'version' must be an integer, got '" + std::string(text) + "'.");
  }
}

TEST(RegistryRules, SeesPromptsByTheirLastTag) {
  EXPECT_FALSE(is_prompt({}));
  EXPECT_TRUE(is_prompt({{"mlflow.prompt.is_prompt", "True"}}));
  EXPECT_FALSE(
      is_prompt({{"mlflow.prompt.is_prompt", "true"}, {"mlflow.prompt.is_prompt", "false"}}));
}

}  // namespace
}  // namespace liquid::tracking::sqlite
