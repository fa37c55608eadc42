#include "tracking/sqlite/uri_parts.h"

#include <gtest/gtest.h>

namespace liquid::tracking::sqlite {
namespace {

TEST(UriParts, CutsAtTheMarks) {
  const UriParts parts = uri_parts("s3://bucket/a/b?x=1#y");
  EXPECT_EQ(parts.scheme, "s3");
  EXPECT_EQ(parts.authority, "bucket");
  EXPECT_EQ(parts.path, "/a/b");
  EXPECT_EQ(parts.rest, "?x=1#y");
}

TEST(UriParts, TakesTextWithoutSchemeAsPath) {
  for (const char* path : {"", "/a/b?c", "a/b", "1:2", ":x"}) {
    EXPECT_EQ(uri_parts(path).path, path);
    EXPECT_EQ(uri_parts(path).scheme, "");
  }
}

TEST(UriParts, KnowsWhatIsOnThisMachine) {
  EXPECT_TRUE(is_local_uri("/a"));
  EXPECT_TRUE(is_local_uri("a/b"));
  EXPECT_TRUE(is_local_uri("file:///a"));
  EXPECT_FALSE(is_local_uri("s3://a"));
  EXPECT_FALSE(is_local_uri("mlflow-artifacts:/a"));
}

TEST(UriParts, DecodesLocalPaths) {
  EXPECT_EQ(local_path("file:///a%20b/%C3%BC"), "/a b/ü");
  EXPECT_EQ(local_path("/a%2"), "/a%2");
  EXPECT_EQ(local_path("/a%zz%"), "/a%zz%");
}

// The expectations are what append_to_uri_path of MLflow 3.17.2 answers.
TEST(UriParts, AppendsAsMlflowDoes) {
  EXPECT_EQ(append_to_uri("/root/0", "m/artifacts"), "/root/0/m/artifacts");
  EXPECT_EQ(append_to_uri("root/", "m"), "root/m");
  EXPECT_EQ(append_to_uri("s3://b/p?x=1", "m"), "s3://b/p/m?x=1");
  EXPECT_EQ(append_to_uri("s3://b", "m"), "s3://b/m");
  EXPECT_EQ(append_to_uri("mlflow-artifacts:/0", "m"), "mlflow-artifacts:/0/m");
  EXPECT_EQ(append_to_uri("mlflow-artifacts://host:5000/0", "m"),
            "mlflow-artifacts://host:5000/0/m");
  EXPECT_EQ(append_to_uri("file:/a/b/", "m"), "file:///a/b/m");
  EXPECT_EQ(append_to_uri("file:///a/b", "m"), "file:///a/b/m");
  EXPECT_EQ(append_to_uri("file:a/b", "m"), "file:a/b/m");
}

}  // namespace
}  // namespace liquid::tracking::sqlite
