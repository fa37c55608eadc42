#include "sql/database.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace liquid::sql {
namespace {

namespace fs = std::filesystem;

class DatabaseTest : public testing::Test {
 protected:
  DatabaseTest() {
    folder_ =
        fs::temp_directory_path() / ("liquid_sql_" + std::to_string(::getpid()) + "_" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~DatabaseTest() override { fs::remove_all(folder_); }

  Database open(Access access) {
    Result<Database> database = Database::open(file(), {.access = access});
    EXPECT_TRUE(database) << database.error().message;
    return std::move(database).value();
  }
  fs::path file() const { return folder_ / "test.db"; }

  static void must(const Result<void>& result) { ASSERT_TRUE(result) << result.error().message; }

  static std::int64_t count(Database& database) {
    Result<Statement> statement = database.prepare("SELECT count(*) FROM t");
    EXPECT_TRUE(statement && statement->step().value_or(false));
    return statement->integer(0);
  }

  fs::path folder_;
};

TEST_F(DatabaseTest, ABlobIsFilledInPieces) {
  Database database = open(Access::create);
  must(database.execute("CREATE TABLE t(b); INSERT INTO t(rowid, b) VALUES(3, zeroblob(6))"));
  EXPECT_EQ(database.write_blob("t", "b", 4).error().code, ErrorCode::internal);
  {
    Result<BlobWriter> blob = database.write_blob("t", "b", 3);
    ASSERT_TRUE(blob) << blob.error().message;
    must(blob->append("four"));
    EXPECT_EQ(blob->append("and more").error().code, ErrorCode::internal);
    must(blob->append("ty"));
  }
  Result<Statement> select = database.prepare("SELECT b FROM t");
  ASSERT_TRUE(select && select->step().value_or(false));
  EXPECT_EQ(select->blob(0), "fourty");
}

TEST_F(DatabaseTest, KeepsEveryKindOfValue) {
  Database database = open(Access::create);
  must(database.execute("CREATE TABLE t(i, r, s, b, n, e)"));
  Result<Statement> insert = database.prepare("INSERT INTO t VALUES(?1,?2,?3,?4,?5,?6)");
  ASSERT_TRUE(insert);
  const std::string_view bytes("\0\x01\xFF", 3);
  insert->bind(1, std::int64_t{-7})
      .bind(2, 0.5)
      .bind_text(3, "höhe")
      .bind_blob(4, bytes)
      .bind_null(5);
  insert->bind_text(6, std::string_view());
  must(insert->run());

  Result<Statement> select = database.prepare("SELECT i, r, s, b, n, e FROM t");
  ASSERT_TRUE(select && select->step().value_or(false));
  EXPECT_EQ(select->integer(0), -7);
  EXPECT_EQ(select->real(1), 0.5);
  EXPECT_EQ(select->text(2), "höhe");
  EXPECT_EQ(select->blob(3), bytes);
  EXPECT_TRUE(select->is_null(4));
  EXPECT_FALSE(select->is_null(5));
  EXPECT_EQ(select->text(5), "");
}

TEST_F(DatabaseTest, ReportsAWrongParameterAtTheNextStep) {
  Database database = open(Access::create);
  must(database.execute("CREATE TABLE t(i)"));
  Result<Statement> insert = database.prepare("INSERT INTO t VALUES(?1)");
  ASSERT_TRUE(insert);
  const Result<void> ran = insert->bind(2, std::int64_t{1}).run();
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::internal);
  must(insert->bind(1, std::int64_t{1}).run());
}

TEST_F(DatabaseTest, RollsBackWhatWasNotCommitted) {
  Database database = open(Access::create);
  must(database.execute("CREATE TABLE t(i)"));
  {
    const Result<Transaction> lost = Transaction::begin(database, TransactionKind::write);
    ASSERT_TRUE(lost);
    must(database.execute("INSERT INTO t VALUES(1)"));
  }
  EXPECT_EQ(count(database), 0);
  Result<Transaction> kept = Transaction::begin(database, TransactionKind::write);
  ASSERT_TRUE(kept);
  must(database.execute("INSERT INTO t VALUES(1)"));
  must(kept->commit());
  EXPECT_EQ(count(database), 1);
}

TEST_F(DatabaseTest, ReadersSeeOneStateDuringATransaction) {
  Database writer = open(Access::create);
  must(writer.execute("CREATE TABLE t(i)"));
  Database reader = open(Access::read_only);
  const std::int64_t before = reader.data_version().value_or(-1);
  {
    const Result<Transaction> view = Transaction::begin(reader, TransactionKind::read);
    ASSERT_TRUE(view);
    EXPECT_EQ(count(reader), 0);
    must(writer.execute("INSERT INTO t VALUES(1)"));
    EXPECT_EQ(count(reader), 0);
  }
  EXPECT_EQ(count(reader), 1);
  EXPECT_NE(reader.data_version().value_or(-1), before);
}

TEST_F(DatabaseTest, ALockedDatabaseIsUnavailable) {
  Database first = open(Access::create);
  Result<Database> second = Database::open(
      file(), {.access = Access::read_write, .busy_timeout = std::chrono::milliseconds(0)});
  ASSERT_TRUE(second);
  const Result<Transaction> held = Transaction::begin(first, TransactionKind::write);
  ASSERT_TRUE(held);
  const Result<Transaction> refused = Transaction::begin(*second, TransactionKind::write);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
}

TEST_F(DatabaseTest, RemembersItsSchemaVersion) {
  Database database = open(Access::create);
  EXPECT_EQ(database.user_version().value_or(-1), 0);
  must(database.set_user_version(7));
  Database again = open(Access::read_only);
  EXPECT_EQ(again.user_version().value_or(-1), 7);
}

TEST_F(DatabaseTest, AMissingFileIsNotFound) {
  const Result<Database> database = Database::open(file(), {.access = Access::read_write});
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, ErrorCode::not_found);
  EXPECT_NE(database.error().message.find("test.db"), std::string::npos);
}

TEST_F(DatabaseTest, AFileOfSomethingElseIsCorrupt) {
  std::ofstream(file()) << std::string(8192, 'x');
  const Result<Database> database = Database::open(file(), {.access = Access::read_write});
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, ErrorCode::data_corrupt);
}

TEST_F(DatabaseTest, ARefusedConstraintIsAConflict) {
  Database database = open(Access::create);
  must(database.execute("CREATE TABLE t(i PRIMARY KEY)"));
  must(database.execute("INSERT INTO t VALUES(1)"));
  const Result<void> again = database.execute("INSERT INTO t VALUES(1)");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
}

TEST_F(DatabaseTest, WritingThroughAReadOnlyConnectionIsDenied) {
  {
    Database database = open(Access::create);
    must(database.execute("CREATE TABLE t(i)"));
  }
  Database reader = open(Access::read_only);
  const Result<void> written = reader.execute("INSERT INTO t VALUES(1)");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::permission_denied);
}

}  // namespace
}  // namespace liquid::sql
