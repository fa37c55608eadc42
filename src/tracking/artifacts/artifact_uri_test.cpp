#include "tracking/artifacts/artifact_uri.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace liquid::tracking::artifacts {
namespace {

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

struct Shown {
  std::string operator()(const FolderRoot& root) const { return "folder " + root.folder.string(); }
  std::string operator()(const ProxyRoot& root) const {
    return "proxy " + root.server + " " + root.service.substr(root.server.size()) + " " +
           or_dash(root.path);
  }
  std::string operator()(const UrlRoot& root) const { return "url " + root.url; }
  std::string operator()(const BucketRoot& root) const {
    return "bucket " + root.bucket + " " + or_dash(root.prefix);
  }
};

TEST(ArtifactUri, MeansWhatTheCasesSay) {
  std::ifstream cases(LIQUID_SOURCE_DIR "/tests/cases/tracking/artifact_uris.case");
  int read = 0;
  for (std::string line; std::getline(cases, line);) {
    if (line.empty() || line[0] == '#') continue;
    ++read;
    const std::size_t tab = line.find('\t');
    const auto root = parse_artifact_uri(line.substr(0, tab), "http://tracker:5000/pre/");
    const std::string got = root ? std::visit(Shown(), *root) : error_code_name(root.error().code);
    EXPECT_EQ(got, line.substr(tab + 1)) << line << (root ? "" : " " + root.error().message);
  }
  EXPECT_GT(read, 40);
}

TEST(ArtifactUri, NeedsATrackingServerForTheProxy) {
  const Error error = parse_artifact_uri("mlflow-artifacts:/0", "sqlite:///mlflow.db").error();
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_NE(error.message.find("\"sqlite:///mlflow.db\""), std::string::npos) << error.message;
}

TEST(ArtifactUri, SaysWhichSchemesItKnows) {
  const Error error = parse_artifact_uri("gs://bucket/x", "").error();
  EXPECT_NE(error.message.find("scheme \"gs\""), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("s3:"), std::string::npos) << error.message;
}

TEST(ArtifactUri, ShowsNoPassword) {
  const Error error = parse_artifact_uri("http://me:secret@host/a/../b", "").error();
  EXPECT_EQ(error.message.find("secret"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace liquid::tracking::artifacts
