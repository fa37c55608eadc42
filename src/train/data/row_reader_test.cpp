#include "train/data/row_reader.h"

#include <gmock/gmock.h>

#include "train/data/data_fixture_test.h"

namespace liquid::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RowReaderTest : public InFolder {
 protected:
  // "LINE TEXT" of every row, "LINE !TROUBLE", or "error: …" at the end.
  static std::vector<std::string> rows_of(const std::filesystem::path& file) {
    std::vector<std::string> rows;
    Result<RowReader> reader = RowReader::open(file);
    if (!reader) return {"error: " + reader.error().message};
    for (;;) {
      Result<std::optional<RawRow>> row = reader->next();
      if (!row) rows.push_back("error: " + row.error().message);
      if (!row || !*row) return rows;
      const std::string text = (*row)->trouble.empty() ? (*row)->text : "!" + (*row)->trouble;
      rows.push_back(std::to_string((*row)->line) + " " + text);
    }
  }
};

TEST_F(RowReaderTest, ReadsLinesAndCountsEmptyOnes) {
  EXPECT_THAT(rows_of(write("a.jsonl", "{\"a\":1}\n\n  \r\n{\"b\":2}\r\n{\"c\":3}")),
              ElementsAre("1 {\"a\":1}", "4 {\"b\":2}\r", "5 {\"c\":3}"));
}

TEST_F(RowReaderTest, FindsNoRowInAnEmptyFile) {
  EXPECT_THAT(rows_of(write("a.jsonl", "")), ElementsAre());
  EXPECT_THAT(rows_of(write("b.json", " \n\n ")), ElementsAre());
}

TEST_F(RowReaderTest, SkipsAByteOrderMark) {
  EXPECT_THAT(rows_of(write("a.jsonl", "\xEF\xBB\xBF{}\n")), ElementsAre("1 {}"));
}

TEST_F(RowReaderTest, NamesUtf16) {
  EXPECT_THAT(rows_of(write("a.jsonl", std::string_view("\xFF\xFE{\0", 4))),
              ElementsAre(HasSubstr("is UTF-16, expected UTF-8")));
}

TEST_F(RowReaderTest, ReadsAListAndKnowsTheLinesOfItsRows) {
  EXPECT_THAT(rows_of(write("a.json", "\n[\n {\"a\": \"],}\\\"\"},\n {\"b\":\n [1, 2]} , 7\n]\n")),
              ElementsAre("3 {\"a\": \"],}\\\"\"}", "4 {\"b\":\n [1, 2]} ", "5 7\n"));
  EXPECT_THAT(rows_of(write("b.json", "[]")), ElementsAre());
  EXPECT_THAT(rows_of(write("c.jsonl", "[{\"a\":1},{\"a\":2}]")),
              ElementsAre("1 {\"a\":1}", "1 {\"a\":2}"));
}

TEST_F(RowReaderTest, SaysWhereAListWasCutOff) {
  EXPECT_THAT(rows_of(write("a.json", "[{\"a\":1},\n{\"b\":")),
              ElementsAre("1 {\"a\":1}", HasSubstr("a.json:2: the file ends inside the list; the "
                                                   "row that begins in line 2 has no end")));
  EXPECT_THAT(rows_of(write("b.json", "[{\"a\":1},\n")),
              ElementsAre("1 {\"a\":1}", HasSubstr("b.json:2: the file ends inside the list")));
  EXPECT_THAT(rows_of(write("c.json", "[{\"a\":1}] {}")),
              ElementsAre("1 {\"a\":1}", HasSubstr("more text behind the end of the list")));
}

TEST_F(RowReaderTest, GoesOnBehindARowOfAListThatIsWrong) {
  EXPECT_THAT(rows_of(write("a.json", "[{'a':1}, , }, {\"b\":2}]")),
              ElementsAre("1 {'a':1}", "1 !expected a row, found ','",
                          "1 !expected a row, found '}'", "1 {\"b\":2}"));
}

TEST_F(RowReaderTest, ReadsValuesThatSpanLines) {
  EXPECT_THAT(
      rows_of(write("a.json", "{\n\"a\": \"}\"\n}\n{\"b\":2}{\"c\":3}\nnonsense\n{}")),
      ElementsAre("1 {\n\"a\": \"}\"\n}", "4 {\"b\":2}", "4 {\"c\":3}", "5 nonsense", "6 {}"));
}

TEST_F(RowReaderTest, TakesAJsonFileOfLinesLineByLine) {
  EXPECT_THAT(rows_of(write("a.json", "{\"a\":1}\n{\"b\":\n{\"c\":3}\n")),
              ElementsAre("1 {\"a\":1}", "2 {\"b\":", "3 {\"c\":3}"));
}

TEST_F(RowReaderTest, UnpacksGzipByItsFirstBytes) {
  EXPECT_THAT(rows_of(write_gzip("a.jsonl.gz", "{\"a\":1}\n{\"b\":2}\n")),
              ElementsAre("1 {\"a\":1}", "2 {\"b\":2}"));
  EXPECT_THAT(rows_of(write_gzip("b.jsonl", "{\"a\":1}")), ElementsAre("1 {\"a\":1}"));
}

TEST_F(RowReaderTest, SaysThatGzipWasCutOff) {
  std::string rows;
  for (int i = 0; i < 5000; ++i) rows += "{\"number\": " + std::to_string(i * 7919) + "}\n";
  const std::filesystem::path file = write_gzip("a.jsonl.gz", rows);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  EXPECT_THAT(rows_of(file).back(), HasSubstr("a.jsonl.gz: gzip ends too early"));
}

TEST_F(RowReaderTest, SaysThatGzipIsDamaged) {
  const std::filesystem::path file = write_gzip("a.jsonl.gz", std::string(100'000, 'x'));
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(30) << "????????";
  EXPECT_THAT(rows_of(file).back(), HasSubstr("a.jsonl.gz: damaged gzip"));
}

TEST_F(RowReaderTest, RowsMayBeLongerThanTheWindow) {
  const std::string row = "{\"a\":\"" + std::string(3'000'000, 'x') + "\"}";
  for (const std::string& text : {row + "\n" + row, "[" + row + "," + row + "]"}) {
    const std::vector<std::string> rows = rows_of(write("a.json", text));
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0], "1 " + row);
    EXPECT_EQ(rows[1].substr(2), row);
  }
}

TEST_F(RowReaderTest, ARowWithoutEndDoesNotFillTheMemory) {
  const std::string long_row(kMaxRowBytes + 10, 'x');
  EXPECT_THAT(rows_of(write("a.jsonl", long_row + "\n{}\n")),
              ElementsAre("1 !longer than 64 MiB (line breaks missing?)", "2 {}"));
  EXPECT_THAT(rows_of(write("b.json", "[\"" + long_row + "\", {}]")),
              ElementsAre("1 !longer than 64 MiB (line breaks missing?)", "1 {}"));
}

TEST_F(RowReaderTest, NamesAFileThatIsNotThere) {
  EXPECT_THAT(rows_of(folder() / "none.jsonl"), ElementsAre(HasSubstr("none.jsonl: cannot open")));
  EXPECT_EQ(RowReader::open(folder() / "none.jsonl").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace liquid::train
