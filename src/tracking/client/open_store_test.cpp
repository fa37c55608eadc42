#include "tracking/client/open_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace liquid::tracking {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class OpenStore : public testing::Test {
 protected:
  OpenStore() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("liquid_open_store_" + std::string(test->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    settings_.artifact_root = (folder_ / "artifacts").string();
  }
  ~OpenStore() override { std::filesystem::remove_all(folder_); }

  Result<std::unique_ptr<Store>> open(std::string_view uri) {
    return open_store(uri, settings_, clock_);
  }

  Error error_of(std::string_view uri) {
    const Result<std::unique_ptr<Store>> store = open(uri);
    EXPECT_FALSE(store) << uri;
    return store ? Error{} : store.error();
  }

  std::filesystem::path folder_;
  Settings settings_;
  SystemClock clock_;
};

TEST_F(OpenStore, MakesATrackingFile) {
  const Result<std::unique_ptr<Store>> store =
      open("sqlite:///" + (folder_ / "mlflow.db").string());
  ASSERT_TRUE(store) << store.error().message;
  const Result<std::optional<Experiment>> found = (*store)->experiments().find("Default");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->has_value());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "mlflow.db"));
}

TEST_F(OpenStore, TakesTheSchemeInAnyCaseAndWithADriver) {
  EXPECT_TRUE(open("SQLite+pysqlite:///" + (folder_ / "a.db").string()));
}

TEST_F(OpenStore, OpensAServerWithoutAskingIt) {
  EXPECT_TRUE(open("http://127.0.0.1:1"));
  EXPECT_TRUE(open("https://mlflow.example.org/prefix"));
}

TEST_F(OpenStore, RefusesFoldersOfTheFileStoreAndSaysWhatToDo) {
  for (const char* uri : {"mlruns", "./mlruns", "/data/mlruns", "file:/data/mlruns",
                          "file:///data/mlruns", "FILE:///data/mlruns"}) {
    const Error error = error_of(uri);
    EXPECT_EQ(error.code, ErrorCode::unsupported) << uri;
    EXPECT_THAT(error.message, AllOf(HasSubstr(uri), HasSubstr("deprecated"),
                                     HasSubstr("mlflow migrate-filestore --source "),
                                     HasSubstr("mlruns --target sqlite:///mlflow.db")));
  }
  EXPECT_THAT(error_of("file:///data/mlruns").message, HasSubstr("--source /data/mlruns "));
}

TEST_F(OpenStore, NamesAnUnknownSchemeAndTheKnownOnes) {
  for (const char* scheme : {"postgresql", "mysql+pymysql", "databricks", "s3"}) {
    const Error error = error_of(std::string(scheme) + "://somewhere/x");
    EXPECT_EQ(error.code, ErrorCode::unsupported);
    EXPECT_THAT(error.message,
                AllOf(HasSubstr("'" + std::string(scheme) + "' is not known"),
                      HasSubstr("sqlite:///relative.db"), HasSubstr("https://host")));
  }
}

TEST_F(OpenStore, KnowsThatDatabricksIsNoFolder) {
  EXPECT_THAT(error_of("databricks").message, HasSubstr("'databricks' is not known"));
}

TEST_F(OpenStore, RefusesAnEmptyUri) {
  const Error error = error_of("");
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_THAT(error.message, HasSubstr("sqlite:///relative.db"));
}

}  // namespace
}  // namespace liquid::tracking
