#include "tracking/artifacts/s3_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tracking/artifacts/folder_fixture.h"

namespace liquid::tracking::artifacts {
namespace {

using testing::ElementsAre;
using testing::Pair;

class S3FromEnvironment : public FolderTest {
 protected:
  S3FromEnvironment() { variables_["HOME"] = folder().string(); }

  Result<S3Settings> read() {
    return s3_settings_from([this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    });
  }
  void with_keys() {
    variables_["AWS_ACCESS_KEY_ID"] = "key";
    variables_["AWS_SECRET_ACCESS_KEY"] = "secret";
  }

  std::map<std::string, std::string> variables_;
};

TEST_F(S3FromEnvironment, TakesKeysAndRegion) {
  with_keys();
  variables_["AWS_SESSION_TOKEN"] = "token";
  variables_["AWS_REGION"] = "eu-west-1";
  const S3Settings settings = read().value();
  EXPECT_EQ(settings.signature->access_key_id, "key");
  EXPECT_EQ(settings.signature->secret_access_key, "secret");
  EXPECT_EQ(settings.signature->session_token, "token");
  EXPECT_EQ(settings.signature->region, "eu-west-1");
  EXPECT_EQ(settings.signature->service, "s3");
  EXPECT_EQ(settings.addressing, S3Settings::Addressing::virtual_host);
  variables_["AWS_DEFAULT_REGION"] = "eu-west-2";
  EXPECT_EQ(read().value().region, "eu-west-2");
}

TEST_F(S3FromEnvironment, TakesTheProfileOfTheFiles) {
  write(".aws/credentials",
        "# mine\n[default]\naws_access_key_id = d\naws_secret_access_key=ds\n\n"
        "[team]\r\naws_access_key_id = t\r\naws_secret_access_key = ts=/+\r\n");
  write(".aws/config",
        "[default]\nregion = r1\n[profile team]\nregion = r2\ns3 =\n  region = no\n");
  EXPECT_EQ(read().value().signature->access_key_id, "d");
  EXPECT_EQ(read().value().region, "r1");
  variables_["AWS_PROFILE"] = "team";
  EXPECT_EQ(read().value().signature->access_key_id, "t");
  EXPECT_EQ(read().value().signature->secret_access_key, "ts=/+");
  EXPECT_EQ(read().value().region, "r2");
  with_keys();
  EXPECT_EQ(read().value().signature->access_key_id, "key");
}

TEST_F(S3FromEnvironment, SaysWhatIsMissing) {
  const Error error = read().error();
  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  EXPECT_NE(error.message.find("AWS_ACCESS_KEY_ID"), std::string::npos);
  variables_["AWS_ACCESS_KEY_ID"] = "key";
  EXPECT_EQ(read().error().code, ErrorCode::unauthenticated);
  variables_.erase("AWS_ACCESS_KEY_ID");
  variables_["MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION"] = "unsigned";
  EXPECT_FALSE(read().value().signature);
}

TEST_F(S3FromEnvironment, TakesTheEndpointAndTls) {
  with_keys();
  variables_["AWS_ENDPOINT_URL"] = "http://other:1/";
  EXPECT_EQ(read().value().endpoint, "http://other:1");
  EXPECT_EQ(read().value().addressing, S3Settings::Addressing::path);
  variables_["MLFLOW_S3_ENDPOINT_URL"] = "https://mine:1";
  variables_["MLFLOW_S3_IGNORE_TLS"] = "True";
  variables_["MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE"] = "virtual";
  variables_["AWS_CA_BUNDLE"] = "/ca.pem";
  EXPECT_EQ(read().value().endpoint, "https://mine:1");
  EXPECT_EQ(read().value().addressing, S3Settings::Addressing::virtual_host);
  EXPECT_FALSE(read().value().tls.verify_certificate);
  EXPECT_EQ(read().value().tls.ca_file, "/ca.pem");
}

TEST_F(S3FromEnvironment, TurnsExtraArgumentsIntoHeaders) {
  with_keys();
  variables_["MLFLOW_S3_UPLOAD_EXTRA_ARGS"] =
      R"({"ServerSideEncryption": "aws:kms", "StorageClass": "GLACIER"})";
  EXPECT_THAT(read().value().upload_headers,
              ElementsAre(Pair("x-amz-server-side-encryption", "aws:kms"),
                          Pair("x-amz-storage-class", "GLACIER")));
  variables_["MLFLOW_S3_UPLOAD_EXTRA_ARGS"] = R"({"SSECustomerKey": "k"})";
  EXPECT_EQ(read().error().code, ErrorCode::unsupported);
  variables_["MLFLOW_S3_UPLOAD_EXTRA_ARGS"] = "x";
  EXPECT_EQ(read().error().code, ErrorCode::invalid_argument);
}

TEST_F(S3FromEnvironment, NamesTheVariableThatIsWrong) {
  with_keys();
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"MLFLOW_S3_ENDPOINT_URL", "ftp://x"},
                                          {"MLFLOW_S3_IGNORE_TLS", "maybe"},
                                          {"MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "round"}}) {
    variables_[name] = value;
    const Error error = read().error();
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << name;
    EXPECT_NE(error.message.find(name), std::string::npos) << error.message;
    variables_.erase(name);
  }
}

}  // namespace
}  // namespace liquid::tracking::artifacts
