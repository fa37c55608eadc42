#include "tracking/sqlite/schema.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace liquid::tracking::sqlite {
namespace {

namespace fs = std::filesystem;

class SchemaTest : public testing::Test {
 protected:
  SchemaTest() {
    folder_ =
        fs::temp_directory_path() / ("liquid_schema_" + std::to_string(::getpid()) + "_" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~SchemaTest() override { fs::remove_all(folder_); }

  Result<std::unique_ptr<Connection>> open() const { return open_with_schema(file(), kRows); }
  fs::path file() const { return folder_ / "mlflow.db"; }

  /// A file with the given stamp and nothing else.
  void stamp(const std::string& head) const {
    Result<std::unique_ptr<Connection>> connection = Connection::open(file(), sql::Access::create);
    ASSERT_TRUE(connection) << connection.error().message;
    Result<void> made = (*connection)
                            ->database()
                            .execute(
                                "CREATE TABLE alembic_version(version_num);"
                                "INSERT INTO alembic_version VALUES('" +
                                head + "')");
    ASSERT_TRUE(made) << made.error().message;
  }

  static std::string text(Connection& connection, std::string_view sql) {
    std::string all;
    const Result<void> read = connection.each(sql, [&](const Query& row) {
      if (!all.empty()) all += ' ';
      all += row.text(0);
    });
    EXPECT_TRUE(read) << read.error().message;
    return all;
  }

  const FirstRows kRows{.artifact_root = "/somewhere/mlruns", .now_ms = 1'700'000'000'123};
  fs::path folder_;
};

TEST_F(SchemaTest, ANewFileHasTheStampTheDefaultExperimentAndTheWorkspace) {
  Result<std::unique_ptr<Connection>> made = open();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(text(**made, "SELECT version_num FROM alembic_version"), kHead);
  EXPECT_EQ(text(**made, "SELECT name FROM workspaces"), "default");
  EXPECT_EQ(text(**made,
                 "SELECT experiment_id || '|' || name || '|' || artifact_location || '|' || "
                 "lifecycle_stage || '|' || creation_time || '|' || workspace FROM experiments"),
            "0|Default|/somewhere/mlruns/0|active|1700000000123|default");
}

TEST_F(SchemaTest, OpensBothKnownRevisions) {
  stamp(std::string(kHeadOf312));
  EXPECT_TRUE(open());
}

TEST_F(SchemaTest, AnotherRevisionIsRefusedWithTheWayOut) {
  stamp("0123456789ab");
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_state);
  for (const std::string_view part : {std::string_view("0123456789ab"), kHead, kHeadOf312,
                                      std::string_view("mlflow db upgrade")}) {
    EXPECT_NE(refused.error().message.find(part), std::string::npos) << refused.error().message;
  }
}

TEST_F(SchemaTest, TheStatementsArriveInTheFileByteForByte) {
  Result<std::unique_ptr<Connection>> made = open();
  ASSERT_TRUE(made) << made.error().message;
  std::size_t at = 0;
  const Result<void> read = (*made)->each(
      "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid", [&](const Query& row) {
        ASSERT_LT(at, schema_statements().size());
        EXPECT_EQ(row.view(0), schema_statements()[at++]);
      });
  EXPECT_TRUE(read);
  EXPECT_EQ(at, schema_statements().size());
}

TEST_F(SchemaTest, AnEmptyFileBecomesATrackingFile) {
  std::ofstream(file()).flush();
  ASSERT_TRUE(open());
  Result<std::unique_ptr<Connection>> again = open();
  ASSERT_TRUE(again);
  EXPECT_EQ(text(**again, "SELECT count(*) FROM experiments"), "1");
}

TEST_F(SchemaTest, AFileOfSomethingElseIsCorrupt) {
  std::ofstream(file()) << std::string(8192, 'x');
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::data_corrupt);
}

TEST_F(SchemaTest, AnotherProgramsDatabaseIsLeftAlone) {
  {
    Result<std::unique_ptr<Connection>> other = Connection::open(file(), sql::Access::create);
    ASSERT_TRUE(other && (*other)->database().execute("CREATE TABLE songs(name)"));
  }
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_state);
}

TEST_F(SchemaTest, AFolderIsRefused) {
  fs::create_directories(file());
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace liquid::tracking::sqlite
