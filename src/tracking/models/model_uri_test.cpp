#include "tracking/models/model_uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tracking/names.h"

namespace liquid::tracking {
namespace {

/// As the right side of a case in tests/cases/tracking/model_uris.case.
std::string described(const ModelUri& uri) {
  struct Words {
    std::string operator()(const RunArtifact& run) const {
      return "run " + run.run_id.str() + (run.path.empty() ? "" : " ") + run.path;
    }
    std::string operator()(const VersionName& version) const {
      return "version " + version.name + " " + version.version;
    }
    std::string operator()(const StageOfModel& model) const {
      return "stage " + model.name + " " + std::string(stage_name(model.stage));
    }
    std::string operator()(const LatestOfModel& model) const { return "latest " + model.name; }
    std::string operator()(const AliasOfModel& model) const {
      return "alias " + model.name + " " + model.alias;
    }
    std::string operator()(const ModelId& id) const { return "model " + id.str(); }
  };
  return std::visit(Words{}, uri);
}

void check(const std::string& uri, const std::string& expected) {
  const Result<ModelUri> parsed = parse_model_uri(uri);
  if (!expected.starts_with("error ")) {
    ASSERT_TRUE(parsed) << uri << ": " << parsed.error().message;
    EXPECT_EQ(described(*parsed), expected) << uri;
    EXPECT_EQ(described(parse_model_uri(model_uri_text(*parsed)).value()), expected) << uri;
    return;
  }
  ASSERT_FALSE(parsed) << uri << " is " << described(*parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument) << uri;
  EXPECT_THAT(parsed.error().message, testing::HasSubstr(expected.substr(6))) << uri;
  EXPECT_THAT(parsed.error().message, testing::HasSubstr(uri)) << uri;
}

TEST(ModelUri, FollowsTheCaseFile) {
  std::ifstream cases(std::string(LIQUID_SOURCE_DIR) + "/tests/cases/tracking/model_uris.case");
  std::string line;
  int count = 0;
  while (std::getline(cases, line)) {
    const std::size_t arrow = line.find(" => ");
    if (line.starts_with('#') || arrow == std::string::npos) continue;
    check(line.substr(0, arrow), line.substr(arrow + 4));
    ++count;
  }
  EXPECT_GE(count, 40);
}

TEST(ModelUri, PathsAreAppendedWithOneSlash) {
  EXPECT_EQ(below("mlflow-artifacts:/1/a", "x/y"), "mlflow-artifacts:/1/a/x/y");
  EXPECT_EQ(below("/srv/mlruns/", "x"), "/srv/mlruns/x");
  EXPECT_EQ(below("/", "x"), "/x");
  EXPECT_EQ(below("/srv/", ""), "/srv/");
}

}  // namespace
}  // namespace liquid::tracking
