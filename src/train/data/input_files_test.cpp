#include "train/data/input_files.h"

#include <gmock/gmock.h>

#include "train/data/data_fixture_test.h"

namespace liquid::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class InputFilesTest : public InFolder {
 protected:
  std::vector<std::string> used(const std::string& asked) const {
    const Result<InputFiles> files = list_input_files(asked);
    if (!files) return {"error: " + files.error().message};
    std::vector<std::string> names;
    for (const InputFile& file : files->used) names.push_back(name_of(file.path));
    return names;
  }
  std::vector<std::string> left_out(const std::string& asked) const {
    std::vector<std::string> names;
    const InputFiles files = list_input_files(asked).value();
    for (const std::filesystem::path& path : files.left_out) {
      names.push_back(name_of(path));
    }
    return names;
  }
  std::string name_of(const std::filesystem::path& path) const {
    return path.lexically_relative(folder()).string();
  }
  std::string at(const std::string& name) const { return (folder() / name).string(); }
  static Error error_of(const std::string& asked) { return list_input_files(asked).error(); }
};

TEST_F(InputFilesTest, TakeAFolderWithAllBelowItInOrder) {
  for (const char* name : {"b.jsonl", "a/z.json", "a/y.ndjson.gz", "C.JSONL", ".git/x.jsonl",
                           ".hidden.jsonl", "pictures/x.png"}) {
    write(name, "{}");
  }
  EXPECT_THAT(used(folder()), ElementsAre("C.JSONL", "a/y.ndjson.gz", "a/z.json", "b.jsonl"));
  EXPECT_THAT(left_out(folder()), ElementsAre("pictures/x.png"));
}

TEST_F(InputFilesTest, FollowLinksButReadAFolderOnce) {
  write("data/a/x.jsonl", "{}");
  write("elsewhere/y.jsonl", "{}");
  std::filesystem::create_directory_symlink("..", folder() / "data/a/up");
  std::filesystem::create_directory_symlink(folder() / "elsewhere", folder() / "data/b");
  std::filesystem::create_symlink(folder() / "none", folder() / "data/broken.jsonl");
  EXPECT_THAT(used(at("data")), ElementsAre("data/a/x.jsonl", "data/b/y.jsonl"));
}

TEST_F(InputFilesTest, LeaveDocumentsOutBesideRows) {
  write("README.md", "x");
  write("rows.jsonl", "{}");
  EXPECT_THAT(used(folder()), ElementsAre("rows.jsonl"));
  EXPECT_THAT(left_out(folder()), ElementsAre("README.md"));
  EXPECT_THAT(used(at("README.md")), ElementsAre("README.md"));
  EXPECT_THAT(used(at("*.md")), ElementsAre("README.md"));
}

TEST_F(InputFilesTest, TakeDocumentsWhereNoRowsAre) {
  write("a.md", "x");
  write("b.txt.gz", "x");
  EXPECT_THAT(used(folder()), ElementsAre("a.md", "b.txt.gz"));
  EXPECT_EQ(list_input_files(folder()).value().used.front().kind, FileKind::text);
}

TEST_F(InputFilesTest, TakeAGlob) {
  for (const char* name : {"part-2.jsonl", "part-1.jsonl", "other.jsonl"}) write(name, "{}");
  EXPECT_THAT(used(at("part-*.jsonl")), ElementsAre("part-1.jsonl", "part-2.jsonl"));
  EXPECT_THAT(used(at("part-[2-9].jsonl")), ElementsAre("part-2.jsonl"));
  EXPECT_EQ(error_of(at("x*.jsonl")).code, ErrorCode::not_found);
  EXPECT_THAT(error_of(at("x*.jsonl")).message, HasSubstr("x*.jsonl: no file matches"));
}

TEST_F(InputFilesTest, AFileWhoseNameLooksLikeAGlobIsAFile) {
  write("rows[1].jsonl", "{}");
  EXPECT_THAT(used(at("rows[1].jsonl")), ElementsAre("rows[1].jsonl"));
}

TEST_F(InputFilesTest, RefuseWhatIsNotReadAndShowTheWayOut) {
  write("a.parquet", "PAR1");
  const Error error = error_of(at("a.parquet"));
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_THAT(error.message, HasSubstr("a.parquet: this kind of file is not read (known: .jsonl"));
  EXPECT_THAT(error.message,
              HasSubstr("python3 -c \"import sys, pandas; pandas.read_parquet(sys.argv[1])"
                        ".to_json('rows.jsonl', orient='records', lines=True)\" '" +
                        at("a.parquet") + "'"));
  EXPECT_EQ(error_of(folder()).message, error.message);
  write("b.xyz", "x");
  EXPECT_EQ(error_of(at("b.xyz")).code, ErrorCode::unsupported);
  EXPECT_THAT(error_of(at("b.xyz")).message, ::testing::Not(HasSubstr("convert")));
}

TEST_F(InputFilesTest, ShowACommandThatHoldsForANameWithQuotes) {
  write("it's \"mine\".parquet", "PAR1");
  EXPECT_THAT(error_of(at("it's \"mine\".parquet")).message,
              HasSubstr("/it'\\''s \"mine\".parquet'"));
}

TEST_F(InputFilesTest, SayWhatIsNotThere) {
  EXPECT_EQ(error_of("").code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(at("none.jsonl")).code, ErrorCode::not_found);
  EXPECT_THAT(error_of(at("none.jsonl")).message, HasSubstr("none.jsonl: no such file or folder"));
  EXPECT_THAT(error_of(folder()).message, HasSubstr("no file with an ending that is read"));
}

}  // namespace
}  // namespace liquid::train
