#include "corpus/reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <filesystem>

#include "base/file.h"
#include "corpus/encoding.h"
#include "corpus/formats.h"

namespace liquid::corpus {
namespace {

namespace fs = std::filesystem;

std::string gzipped(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// A PDF with one line of Helvetica per page.
std::string pdf_of(const std::vector<std::string>& pages, const std::string& title) {
  std::vector<std::string> objects = {"<</Type/Catalog/Pages 2 0 R>>", "",
                                      "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
                                      "<</Title(" + title + ")>>"};
  std::string kids;
  for (const std::string& text : pages) {
    const std::string content = "BT /F1 12 Tf 72 700 Td (" + text + ") Tj ET";
    const std::string page = std::to_string(objects.size() + 1);
    const std::string stream = std::to_string(objects.size() + 2);
    kids += page + " 0 R ";
    objects.push_back("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents " + stream +
                      " 0 R/Resources<</Font<</F1 3 0 R>>>>>>");
    objects.push_back("<</Length " + std::to_string(content.size()) + ">>stream\n" + content +
                      "\nendstream");
  }
  objects[1] = "<</Type/Pages/Count " + std::to_string(pages.size()) + "/Kids[" + kids + "]>>";
  std::string pdf = "%PDF-1.4\n";
  std::string table = "0000000000 65535 f \n";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const std::string offset = std::to_string(pdf.size());
    table += std::string(10 - offset.size(), '0') + offset + " 00000 n \n";
    pdf += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  const std::string count = std::to_string(objects.size() + 1);
  const std::string start = std::to_string(pdf.size());
  return pdf + "xref\n0 " + count + "\n" + table + "trailer<</Size " + count +
         "/Root 1 0 R/Info 4 0 R>>\nstartxref\n" + start + "\n%%EOF\n";
}

class ReaderTest : public testing::Test {
 protected:
  const fs::path folder_ = fs::path(testing::TempDir()) / "liquid_reader_test";
  ReadOptions options_;
  std::vector<Document> documents_;
  std::vector<Error> bad_rows_;

  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  Result<void> read(const std::string& name) {
    return read_documents(folder_ / name, name, options_, [this](Result<Document> document) {
      if (document)
        documents_.push_back(std::move(*document));
      else
        bad_rows_.push_back(document.error());
    });
  }
  Result<void> read_as(const std::string& name, std::string_view content) {
    EXPECT_TRUE(write_file_atomically(folder_ / name, content));
    return read(name);
  }
  void expect_refused(const std::string& name, std::string_view content, const Error& expected) {
    const Result<void> refused = read_as(name, content);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), expected);
    EXPECT_TRUE(documents_.empty());
  }
};

TEST_F(ReaderTest, ADocumentHasIdHashAndTitleFromItsPath) {
  ASSERT_TRUE(read_as("note.txt", "Some text."));
  ASSERT_EQ(documents_.size(), 1u);
  EXPECT_EQ(documents_[0].id.str(), "note.txt");
  EXPECT_EQ(documents_[0].title, "note");
  EXPECT_EQ(documents_[0].content_hash, sha256("Some text."));
}

TEST_F(ReaderTest, UnpacksGzipAndHashesThePackedBytes) {
  const std::string packed = gzipped("# Packed\n\nText.\n");
  ASSERT_TRUE(read_as("a.md.gz", packed));
  EXPECT_EQ(documents_.at(0).title, "Packed");
  EXPECT_EQ(documents_.at(0).content_hash, sha256(packed));
}

TEST_F(ReaderTest, JoinsTheMembersOfAGzipFile) {
  ASSERT_TRUE(read_as("a.txt.gz", gzipped("One ") + gzipped("two.")));
  EXPECT_EQ(documents_.at(0).blocks.at(0).text, "One two.");
}

TEST_F(ReaderTest, AGzipBombStopsAtTheLimit) {
  options_.max_file_bytes = 100'000;
  expect_refused("bomb.txt.gz", gzipped(std::string(10'000'000, 'a')),
                 {ErrorCode::resource_exhausted,
                  "bomb.txt.gz: unpacked: larger than the limit of 100000 bytes"});
}

TEST_F(ReaderTest, NamesWhatIsWrongWithAFile) {
  options_.max_file_bytes = 1000;
  expect_refused("e.md", "", {ErrorCode::invalid_argument, "e.md: empty file"});
  expect_refused("b.md", " \n\n", {ErrorCode::invalid_argument, "b.md: no text in it"});
  expect_refused("n.txt", std::string_view("ab\0c", 4),
                 {ErrorCode::data_corrupt, "n.txt: not text: NUL at byte 2"});
  expect_refused("c.txt.gz", gzipped("text").substr(0, 12),
                 {ErrorCode::data_corrupt, "c.txt.gz: damaged gzip: ends too early"});
  expect_refused("big.txt", std::string(1001, 'a'),
                 {ErrorCode::resource_exhausted, "big.txt: larger than the limit of 1000 bytes"});
  EXPECT_EQ(read_as("x.docx", "x").error().code, ErrorCode::unsupported);
  EXPECT_EQ(read("nowhere.md").error().code, ErrorCode::not_found);
  fs::create_directories(folder_ / "dir.md");
  EXPECT_EQ(read("dir.md").error().code, ErrorCode::invalid_argument);
}

TEST_F(ReaderTest, DoesNotWaitForANamedPipe) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe.md").c_str(), 0600), 0);
  EXPECT_EQ(read("pipe.md").error().code, ErrorCode::invalid_argument);
}

TEST_F(ReaderTest, DoesNotParseWhatIsUnchanged) {
  options_.is_unchanged = [](const DocumentId& id, const Digest& hash) {
    return id.str() == "a.md" && hash == sha256("# A");
  };
  ASSERT_TRUE(read_as("a.md", "# A"));
  EXPECT_TRUE(documents_.empty());
  ASSERT_TRUE(read_as("a.md", "# B"));
  EXPECT_EQ(documents_.size(), 1u);
}

TEST_F(ReaderTest, GoesOnBehindABadRow) {
  ASSERT_TRUE(
      read_as("r.jsonl", "{\"text\": \"one\"}\nnonsense\n{\"_id\": \"b\", \"text\": \"two\"}"));
  ASSERT_EQ(documents_.size(), 2u);
  EXPECT_EQ(documents_[0].id.str(), "r.jsonl:1");
  EXPECT_EQ(documents_[1].id.str(), "b");
  EXPECT_EQ(documents_[1].path, "r.jsonl");
  ASSERT_EQ(bad_rows_.size(), 1u);
  EXPECT_TRUE(bad_rows_[0].message.starts_with("r.jsonl:2: not JSON"));
}

TEST_F(ReaderTest, ARowAboveTheLimitIsOneBadRow) {
  options_.max_file_bytes = 100;
  ASSERT_TRUE(read_as(
      "r.jsonl", "{\"text\": \"" + std::string(200'000, 'x') + "\"}\n{\"text\": \"short\"}\n"));
  EXPECT_EQ(documents_.size(), 1u);
  EXPECT_EQ(bad_rows_.at(0).code, ErrorCode::resource_exhausted);
}

TEST_F(ReaderTest, ReadsJsonlInUtf16) {
  std::string wide = "\xFF\xFE";
  for (const char c : std::string("{\"text\": \"one\"}\n{\"text\": \"two\"}\n")) {
    wide += c;
    wide += '\0';
  }
  ASSERT_TRUE(read_as("w.jsonl", wide));
  EXPECT_EQ(documents_.size(), 2u);
}

TEST_F(ReaderTest, StopsBetweenRowsWhenAsked) {
  options_.should_stop = [this] { return documents_.size() == 1; };
  EXPECT_EQ(read_as("r.jsonl", "{\"text\": \"one\"}\n{\"text\": \"two\"}\n").error().code,
            ErrorCode::cancelled);
  EXPECT_EQ(documents_.size(), 1u);
}

TEST_F(ReaderTest, AByteOrderMarkIsNoTextButCountsInSpans) {
  ASSERT_TRUE(read_as("m.md", "\xEF\xBB\xBF# Title\n"));
  EXPECT_EQ(documents_.at(0).title, "Title");
  EXPECT_EQ(documents_.at(0).blocks.at(0).span, (ByteSpan{3, 10}));
}

TEST_F(ReaderTest, APdfIsReadByPage) {
  ASSERT_TRUE(read_as("two.pdf", pdf_of({"First page text", "Second page text"}, "Two pages")));
  const Document& document = documents_.at(0);
  EXPECT_EQ(document.title, "Two pages");
  ASSERT_EQ(document.blocks.size(), 2u);
  EXPECT_EQ(document.blocks[0].text, "First page text");
  EXPECT_EQ(document.blocks[0].page, 1u);
  EXPECT_EQ(document.blocks[1].page, 2u);
}

TEST_F(ReaderTest, APdfThatCannotBeReadSaysWhy) {
  const std::string good = pdf_of({"Text"}, "T");
  EXPECT_EQ(read_as("cut.pdf", good.substr(0, 60)).error().code, ErrorCode::data_corrupt);
  expect_refused(
      "scan.pdf", pdf_of({""}, "T"),
      {ErrorCode::unsupported, "scan.pdf: the PDF holds no text (scanned pages need OCR first)"});
  std::string locked = good;
  const std::string encrypt = "/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<" + std::string(64, '1') +
                              ">/U<" + std::string(64, '2') + ">>>/ID[<00><00>]>>";
  locked.replace(locked.find(">>\nstartxref"), 2, encrypt);
  expect_refused("locked.pdf", locked,
                 {ErrorCode::unsupported, "locked.pdf: encrypted PDF; a password would be needed"});
}

TEST(Pdf, SaysWhichPackageIsMissing) {
  PdfLimits limits;
  limits.program = "pdftotext-that-is-not-there";
  const Result<Content> missing = parse_pdf("%PDF-1.4", limits);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::unavailable);
  EXPECT_NE(missing.error().message.find("poppler-utils"), std::string::npos);
}

TEST(Pdf, EndsAProgramThatTakesTooLong) {
  PdfLimits limits;
  const fs::path script = fs::path(testing::TempDir()) / "liquid_endless_pdftotext";
  ASSERT_TRUE(write_file_atomically(script, "#!/bin/sh\nexec yes\n"));
  fs::permissions(script, fs::perms::owner_all);
  limits.program = script;
  limits.text_bytes = 100'000;
  EXPECT_EQ(parse_pdf("x", limits).error().code, ErrorCode::resource_exhausted);
  limits.text_bytes = UINT64_MAX;
  limits.time = std::chrono::milliseconds(20);
  EXPECT_EQ(parse_pdf("x", limits).error().code, ErrorCode::deadline_exceeded);
  fs::remove(script);
}

struct Conversion {
  std::string_view bytes;
  std::string_view text;  ///< Empty: refused.
};

class Encodings : public testing::TestWithParam<Conversion> {};

TEST_P(Encodings, BecomeUtf8OrAreRefused) {
  const Result<Utf8Text> text = to_utf8(std::string(GetParam().bytes));
  if (GetParam().text.empty()) {
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, ErrorCode::data_corrupt);
  } else {
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(text->text, GetParam().text);
  }
}

using namespace std::string_view_literals;
INSTANTIATE_TEST_SUITE_P(
    All, Encodings,
    testing::Values(Conversion{"plain", "plain"},
                    Conversion{"gr\xC3\xB6\xC3\x9F"
                               "e",
                               "größe"},
                    Conversion{"Br\xFC"
                               "cke \xFC"
                               "ber",
                               "Brücke über"},
                    Conversion{"10 \x80 \x96 \x93quoted\x94", "10 € – “quoted”"},
                    Conversion{"\xFF\xFE"
                               "a\0\xE4\0"sv,
                               "aä"},
                    Conversion{"\xFE\xFF\0a\0\xE4"sv, "aä"},
                    Conversion{"\xFF\xFE\x3D\xD8\x00\xDE"sv, "😀"},
                    Conversion{"\xFF\xFE\x3D\xD8"sv, ""},  // half a pair
                    Conversion{"\xFF\xFE"
                               "abc"sv,
                               ""},  // odd length
                    Conversion{"\xFF\xFE\0\0"
                               "a\0\0\0"sv,
                               ""},  // UTF-32
                    Conversion{"a\0b"sv, ""}, Conversion{"\x01\x02\x03\x04 a", ""},
                    Conversion{"gr\xC3\xB6\xC3\x9F"
                               "e und \xC3 kaputt",
                               ""},                                             // broken UTF-8
                    Conversion{"\xD0\xD2\xC9\xD7\xC5\xD4 \xCD\xC9\xD2", ""}));  // KOI8-R

}  // namespace
}  // namespace liquid::corpus
