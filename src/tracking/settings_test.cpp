#include "tracking/settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace liquid::tracking {
namespace {

using std::chrono::milliseconds;
using Variables = std::map<std::string, std::string>;

Environment environment_of(Variables variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

Settings read(Variables variables) {
  return settings_from(environment_of(std::move(variables))).value();
}

Error refused(Variables variables) {
  return settings_from(environment_of(std::move(variables))).error();
}

TEST(Settings, AreMlflowsDefaultsInAnEmptyEnvironment) {
  const Settings settings = read({});
  EXPECT_EQ(settings.tracking_uri, "sqlite:///mlflow.db");
  EXPECT_EQ(settings.access.max_retries, 7);
  EXPECT_EQ(settings.access.backoff_factor, 2.0);
  EXPECT_EQ(settings.access.backoff_jitter, 1.0);
  EXPECT_EQ(settings.access.timeout, milliseconds(120'000));
  EXPECT_TRUE(settings.access.verify_certificate);
  EXPECT_TRUE(settings.truncate_long_values);
  EXPECT_FALSE(settings.system_metrics);
  EXPECT_FALSE(settings.multipart.through_proxy);
  EXPECT_EQ(settings.multipart.minimum_file_bytes, 500U * 1024 * 1024);
  EXPECT_EQ(settings.multipart.chunk_bytes, 10U * 1024 * 1024);
  EXPECT_TRUE(settings.run_context.empty());
}

TEST(Settings, TakeNamesAndPlaces) {
  const Settings settings = read({{"MLFLOW_TRACKING_URI", "https://tracking"},
                                  {"MLFLOW_REGISTRY_URI", "https://registry"},
                                  {"MLFLOW_EXPERIMENT_NAME", "tuning"},
                                  {"MLFLOW_EXPERIMENT_ID", "7"},
                                  {"MLFLOW_RUN_ID", "abc"}});
  EXPECT_EQ(settings.tracking_uri, "https://tracking");
  EXPECT_EQ(settings.registry_uri, "https://registry");
  EXPECT_EQ(settings.experiment_name, "tuning");
  EXPECT_EQ(settings.experiment_id, "7");
  EXPECT_EQ(settings.run_id, "abc");
}

TEST(Settings, TakeHowAServerIsReached) {
  const ServerAccess access = read({{"MLFLOW_TRACKING_USERNAME", "ann"},
                                    {"MLFLOW_TRACKING_PASSWORD", "pass"},
                                    {"MLFLOW_TRACKING_TOKEN", "token"},
                                    {"MLFLOW_TRACKING_SERVER_CERT_PATH", "/ca.pem"},
                                    {"MLFLOW_TRACKING_CLIENT_CERT_PATH", "/me.pem"},
                                    {"MLFLOW_WORKSPACE", "team"},
                                    {"MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0"},
                                    {"MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0.5"},
                                    {"MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0"},
                                    {"MLFLOW_HTTP_REQUEST_TIMEOUT", "1.5"}})
                                  .access;
  EXPECT_EQ(access.username, "ann");
  EXPECT_EQ(access.password, "pass");
  EXPECT_EQ(access.token, "token");
  EXPECT_EQ(access.ca_file, "/ca.pem");
  EXPECT_EQ(access.client_certificate, "/me.pem");
  EXPECT_EQ(access.workspace, "team");
  EXPECT_EQ(access.max_retries, 0);
  EXPECT_EQ(access.backoff_factor, 0.5);
  EXPECT_EQ(access.backoff_jitter, 0.0);
  EXPECT_EQ(access.timeout, milliseconds(1'500));
}

TEST(Settings, TakeWhatIsSwitchedAndMeasured) {
  const Settings settings = read({{"MLFLOW_TRACKING_INSECURE_TLS", "TRUE"},
                                  {"MLFLOW_TRUNCATE_LONG_VALUES", "0"},
                                  {"MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "1"},
                                  {"MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.25"},
                                  {"MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "True"},
                                  {"MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1024"},
                                  {"MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", "512"}});
  EXPECT_FALSE(settings.access.verify_certificate);
  EXPECT_FALSE(settings.truncate_long_values);
  EXPECT_TRUE(settings.system_metrics);
  EXPECT_EQ(settings.system_metrics_interval, milliseconds(250));
  EXPECT_TRUE(settings.multipart.through_proxy);
  EXPECT_EQ(settings.multipart.minimum_file_bytes, 1024U);
  EXPECT_EQ(settings.multipart.chunk_bytes, 512U);
}

TEST(Settings, TakeTagsOfTheRunContext) {
  const std::vector<Tag> expected{{"team", "nlp"}, {"try", "3"}};
  EXPECT_EQ(read({{"MLFLOW_RUN_CONTEXT", R"({"team": "nlp", "try": 3})"}}).run_context, expected);
}

TEST(Settings, LeaveEmptyVariablesOut) {
  const Settings settings = read({{"MLFLOW_TRACKING_URI", ""},
                                  {"MLFLOW_HTTP_REQUEST_MAX_RETRIES", ""},
                                  {"MLFLOW_TRACKING_INSECURE_TLS", ""}});
  EXPECT_EQ(settings.tracking_uri, "sqlite:///mlflow.db");
  EXPECT_EQ(settings.access.max_retries, 7);
  EXPECT_TRUE(settings.access.verify_certificate);
}

TEST(Settings, NameTheVariableItsValueAndWhatWasExpected) {
  const std::map<std::string, std::pair<std::string, std::string>> wrong{
      {"MLFLOW_HTTP_REQUEST_MAX_RETRIES", {"many", "a whole number from 0 to 10"}},
      {"MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", {"-1", "a number from 0 to 120"}},
      {"MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", {"nan", "a number from 0 to 120"}},
      {"MLFLOW_HTTP_REQUEST_TIMEOUT", {"0", "a number from 0.001 to 1e+06"}},
      {"MLFLOW_TRACKING_INSECURE_TLS", {"yes", "true, false, 1 or 0"}},
      {"MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", {"10MB", "a whole number from 1 to"}},
      {"MLFLOW_RUN_CONTEXT", {"[1]", "a JSON object of tags"}}};
  for (const auto& [name, texts] : wrong) {
    const Error error = refused({{name, texts.first}});
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    const std::string start = name + " is \"" + texts.first + "\", expected " + texts.second;
    EXPECT_EQ(error.message.substr(0, start.size()), start);
  }
  EXPECT_EQ(refused({{"MLFLOW_HTTP_REQUEST_MAX_RETRIES", "11"}}).code, ErrorCode::invalid_argument);
  EXPECT_EQ(refused({{"MLFLOW_HTTP_REQUEST_MAX_RETRIES", "7 "}}).code, ErrorCode::invalid_argument);
}

TEST(Settings, RefuseACertificateFileWhileNoneIsJudged) {
  const Error error = refused(
      {{"MLFLOW_TRACKING_INSECURE_TLS", "true"}, {"MLFLOW_TRACKING_SERVER_CERT_PATH", "/ca.pem"}});
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_NE(error.message.find("MLFLOW_TRACKING_SERVER_CERT_PATH is \"/ca.pem\""),
            std::string::npos);
}

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() { std::filesystem::create_directories(home_ / ".mlflow"); }
  ~CredentialsTest() override { std::filesystem::remove_all(home_); }

  void write(std::string_view text) const {
    std::ofstream(home_ / ".mlflow" / "credentials", std::ios::binary) << text;
  }
  ServerAccess access(Variables variables = {}) const {
    variables["HOME"] = home_.string();
    return read(std::move(variables)).access;
  }
  Error error() const { return refused({{"HOME", home_.string()}}); }

  const std::filesystem::path home_ =
      std::filesystem::path(testing::TempDir()) / ("liquid_home_" + std::to_string(::getpid()));
};

TEST_F(CredentialsTest, ComeFromTheFileInTheHomeFolder) {
  write(
      "# mine\r\n[other]\nmlflow_tracking_username = no\n\n[mlflow]\n; here\n"
      "MLFLOW_TRACKING_USERNAME = ann \nmlflow_tracking_password: a=b:100%%\nother = 1\n");
  EXPECT_EQ(access().username, "ann");
  EXPECT_EQ(access().password, "a=b:100%");
}

TEST_F(CredentialsTest, GiveWayToTheEnvironmentOneByOne) {
  write("[mlflow]\nmlflow_tracking_username = ann\nmlflow_tracking_password = filed\n");
  const ServerAccess mixed = access({{"MLFLOW_TRACKING_USERNAME", "bob"}});
  EXPECT_EQ(mixed.username, "bob");
  EXPECT_EQ(mixed.password, "filed");
}

TEST_F(CredentialsTest, AreNoneWithoutAFile) {
  EXPECT_EQ(access().username, "");
  EXPECT_EQ(access().password, "");
}

TEST_F(CredentialsTest, NameTheLineWithoutShowingIt) {
  write("[mlflow]\nmlflow_tracking_username = ann\nhunter2\n");
  EXPECT_EQ(error().code, ErrorCode::invalid_argument);
  EXPECT_NE(error().message.find("credentials, line 3: expected"), std::string::npos);
  EXPECT_EQ(error().message.find("hunter2"), std::string::npos);
  write("mlflow_tracking_password = hunter2\n");
  EXPECT_NE(error().message.find("line 1"), std::string::npos);
  write("[mlflow\n");
  EXPECT_NE(error().message.find("line 1"), std::string::npos);
}

}  // namespace
}  // namespace liquid::tracking
