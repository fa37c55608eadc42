#include "cli/config.h"

#include <gtest/gtest.h>

#include "cli/rate_limit_text.h"
#include "cli/setting_table.h"

namespace liquid::cli {
namespace {

std::string error_of(const Result<void>& result) { return result ? "" : result.error().message; }

std::string toml_error(std::string_view text) {
  ServeSettings settings;
  const auto applied = apply_toml(settings, text);
  EXPECT_TRUE(applied || applied.error().code == ErrorCode::invalid_argument);
  return error_of(applied);
}

TEST(Config, WhatIsPrintedReadsBackTheSame) {
  ServeSettings settings;
  settings.port = 8123;
  settings.index = "a \"b\" \\ c";
  settings.cors_origin = {"http://a.example", "http://b.example"};
  settings.create = true;
  settings.cache = false;
  settings.routes[2].ttl_seconds = 7;
  settings.routes[0].policy = "lru";
  const std::string printed = to_toml(settings);
  ServeSettings again;
  ASSERT_EQ(error_of(apply_toml(again, printed)), "");
  EXPECT_EQ(to_toml(again), printed);
  EXPECT_EQ(again.index, settings.index);
  EXPECT_EQ(again.routes[2].ttl_seconds, 7u);
  EXPECT_FALSE(again.routes[1].ttl_seconds);
}

TEST(Config, TheDefaultsReadBackToo) {
  ServeSettings again;
  EXPECT_EQ(error_of(apply_toml(again, to_toml({}))), "");
  EXPECT_EQ(to_toml(again), to_toml({}));
}

TEST(Config, SecretsAreNotPrinted) {
  ServeSettings settings;
  settings.admin_key = "very-secret";
  EXPECT_EQ(to_toml(settings).find("very-secret"), std::string::npos);
  EXPECT_NE(to_toml(settings).find("# admin-key"), std::string::npos);
}

TEST(Config, NamesTheKeyTheValueAndWhatWasExpected) {
  EXPECT_EQ(toml_error("cache-tll = 1"), "line 1: 'cache-tll' is not a setting");
  EXPECT_EQ(toml_error("\nport = \"many\""),
            "line 2: port: expected a whole number from 0 to 65535, got 'many'");
  EXPECT_EQ(toml_error("port = 70000"),
            "line 1: port: expected a whole number from 0 to 65535, got '70000'");
  EXPECT_EQ(toml_error("port = -1"),
            "line 1: port: expected a whole number from 0 to 65535, got '-1'");
  EXPECT_EQ(toml_error("cache-policy = \"fifo\""),
            "line 1: cache-policy: expected sieve or lru, got 'fifo'");
  EXPECT_EQ(toml_error("port = [1, 2]"), "line 1: port: expected one value, not a list");
  EXPECT_EQ(toml_error("port = 1\n [cache]\nttl = 1"),
            "line 2: expected name = value, got a table");
  EXPECT_EQ(toml_error("port = 1.5"),
            "line 1: port: expected a whole number from 0 to 65535, got '1.5'");
  EXPECT_EQ(toml_error("require-key = \"yes\""),
            "line 1: require-key: expected true or false, got 'yes'");
  EXPECT_EQ(
      toml_error("cors-origin = [\"a.example\"]"),
      "line 1: cors-origin: expected an origin such as https://app.example, or *, got 'a.example'");
  EXPECT_EQ(toml_error("port = 1\nport = 2"), "line 2: 'port' stands twice");
}

TEST(Config, TheEnvironmentSetsTheSameSettings) {
  ServeSettings settings;
  ASSERT_EQ(error_of(apply_environment(settings,
                                       {{"LIQUID_PORT", "9000"},
                                        {"LIQUID_CORS_ORIGIN", "http://a.example,http://b.example"},
                                        {"LIQUID_REQUIRE_KEY", "true"},
                                        {"LIQUID_URL", "for other commands"}})),
            "");
  EXPECT_EQ(settings.port, 9000u);
  EXPECT_EQ(settings.cors_origin.size(), 2u);
  EXPECT_TRUE(settings.require_key);
}

TEST(Config, AMisspeltVariableIsNamed) {
  ServeSettings settings;
  EXPECT_EQ(error_of(apply_environment(settings, {{"LIQUID_CACHE_TLL", "1"}})),
            "environment variable LIQUID_CACHE_TLL is not a setting");
  EXPECT_EQ(
      error_of(apply_environment(settings, {{"LIQUID_PORT", "x"}})),
      "environment variable LIQUID_PORT: port: expected a whole number from 0 to 65535, got 'x'");
}

TEST(Config, SettingsThatNeedEachOtherAreCheckedTogether) {
  const auto problem = [](auto change) {
    ServeSettings settings;
    change(settings);
    return error_of(validate(settings));
  };
  EXPECT_EQ(problem([](ServeSettings&) {}), "");
  EXPECT_NE(problem([](ServeSettings& s) { s.generator = "openai"; }).find("base-url"),
            std::string::npos);
  EXPECT_NE(problem([](ServeSettings& s) { s.tls_key = "k"; }).find("tls-certificate"),
            std::string::npos);
  EXPECT_NE(problem([](ServeSettings& s) { s.require_key = true; }).find("api-keys"),
            std::string::npos);
  EXPECT_NE(problem([](ServeSettings& s) {
              s.admin_key = "a";
              s.admin_key_file = "f";
            }).find("admin-key-file"),
            std::string::npos);
}

TEST(Settings, HaveNamesHelpAndDefaultsThatFitTheirChecks) {
  for (const Setting& setting : setting_table()) {
    EXPECT_EQ(setting.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos);
    EXPECT_FALSE(setting.help.empty()) << setting.name;
    EXPECT_LE(setting.help.size(), 46u) << setting.name << ": one line of help";
    EXPECT_EQ(find_setting(setting.name), &setting);
  }
}

TEST(RateLimitText, ReadsPairsAndZero) {
  std::optional<api::RateLimitOptions> options;
  ASSERT_TRUE(parse_rate_limit("100/60", options));
  EXPECT_EQ(options->requests, 100u);
  EXPECT_EQ(options->period, std::chrono::seconds(60));
  ASSERT_TRUE(parse_rate_limit("0", options));
  EXPECT_FALSE(options);
  for (const char* text : {"", "5", "x/60", "5/0", "-1/60", "5/60/7", "0/60", "5/", "/5", " 5/6",
                           "99999999999/1", "5/99999999"}) {
    EXPECT_FALSE(parse_rate_limit(text, options)) << text;
  }
}

}  // namespace
}  // namespace liquid::cli
