#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/file.h"
#include "corpus/chunker.h"
#include "corpus/formats.h"
#include "corpus/reader.h"
#include "corpus/tokens.h"

// Runs tests/cases/corpus/*.case:
//   format: markdown | html | text | jsonl
//   show: blocks | chunks MAX OVERLAP | error
//   --- input
//   …
//   --- expected
//   …
// LIQUID_WRITE_CASES=1 writes what comes out into the files, to be read before it is committed.

namespace liquid::corpus {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInput = "--- input\n";
constexpr std::string_view kExpected = "--- expected\n";

struct Case {
  std::string format;
  std::string show;
  std::string input;
  std::string expected;
  std::string head;
};

Case parse_case(const std::string& text) {
  const std::size_t input = text.find(kInput);
  const std::size_t expected = text.find(kExpected);
  Case parsed;
  parsed.head = text.substr(0, expected + kExpected.size());
  parsed.input = text.substr(input + kInput.size(), expected - input - kInput.size());
  parsed.expected = text.substr(expected + kExpected.size());
  std::istringstream head(text.substr(0, input));
  for (std::string line; std::getline(head, line);) {
    if (line.starts_with("format: ")) parsed.format = line.substr(8);
    if (line.starts_with("show: ")) parsed.show = line.substr(6);
  }
  return parsed;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) c == '\n' ? line += "\\n" : line += c;
  return line;
}

const char* name_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::heading: return "heading";
    case BlockKind::paragraph: return "paragraph";
    case BlockKind::list_item: return "list_item";
    case BlockKind::code: return "code";
    case BlockKind::table: return "table";
  }
  return "?";
}

std::string shown(const Document& document) {
  std::ostringstream out;
  if (!document.id.empty()) out << "id: " << document.id.str() << "\n";
  if (!document.title.empty()) out << "title: " << document.title << "\n";
  for (const auto& [name, value] : document.metadata) out << name << " = " << value << "\n";
  for (const Block& block : document.blocks) {
    out << name_of(block.kind) << " [";
    for (std::size_t i = 0; i < block.section.size(); ++i) {
      out << (i > 0 ? " > " : "") << block.section[i];
    }
    out << "] " << one_line(block.text) << "\n";
  }
  return out.str();
}

std::string shown_chunks(const Document& document, const std::string& sizes) {
  ChunkOptions options;
  std::istringstream(sizes) >> options.max_tokens >> options.overlap_tokens;
  std::ostringstream out;
  for (const Chunk& one : chunk(document, options)) {
    out << one.ordinal << " (" << count_tokens(one.text) << ") [" << one.section << "] "
        << one_line(one.text) << "\n";
  }
  return out.str();
}

std::string without_markup(std::string_view text) {
  std::string plain;
  bool inside = false;
  for (const char c : text) {
    inside = inside || c == '<';
    if (!inside && c != '*' && c != '`') plain += c;
    if (c == '>') inside = false;
  }
  return plain;
}

// Words of ASCII letters and digits, which markup never spells in another way, but may cut with
// tags.
void expect_words_in_span(const Block& block, std::string_view source) {
  const ByteSpan span = source_span(block, 0, block.text.size());
  ASSERT_LE(span.begin, span.end);
  ASSERT_LE(span.end, source.size());
  const std::string_view part = source.substr(span.begin, span.end - span.begin);
  std::string word;
  for (const char c : block.text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word += c;
    } else {
      // "[word](link)s" is one word, too.
      const std::string stem = word.substr(0, word.size() > 3 ? word.size() - 1 : word.size());
      const bool found =
          part.find(stem) != part.npos || without_markup(part).find(word) != std::string::npos;
      EXPECT_TRUE(found) << word << " of \"" << block.text << "\"";
      word.clear();
    }
  }
}

std::string outcome_of_rows(const Case& one) {
  std::string out;
  const Result<void> read = read_jsonl(one.input, "rows.jsonl", [&out](Result<Document> document) {
    out += document ? shown(*document) : "error: " + document.error().message + "\n";
  });
  return read ? out : "error: " + read.error().message + "\n";
}

std::string outcome(const Case& one) {
  if (one.format == "jsonl") return outcome_of_rows(one);
  Result<Content> content = one.format == "markdown" ? parse_markdown(one.input)
                            : one.format == "html"   ? parse_html(one.input)
                                                     : parse_text(one.input);
  if (!content) {
    return std::string(error_code_name(content.error().code)) + ": " + content.error().message +
           "\n";
  }
  for (const Block& block : content->blocks) expect_words_in_span(block, one.input);
  Document document;
  document.title = content->title;
  document.metadata = content->metadata;
  document.blocks = content->blocks;
  return one.show.starts_with("chunks ") ? shown_chunks(document, one.show.substr(7))
                                         : shown(document);
}

TEST(CorpusCases, GiveWhatTheirFilesSay) {
  std::size_t count = 0;
  for (const auto& entry :
       fs::directory_iterator(fs::path(LIQUID_SOURCE_DIR) / "tests/cases/corpus")) {
    const Case one = parse_case(read_file(entry.path()).value());
    SCOPED_TRACE(entry.path().filename().string());
    const std::string actual = outcome(one);
    if (std::getenv("LIQUID_WRITE_CASES") != nullptr) {
      std::ofstream(entry.path()) << one.head << actual;
    }
    EXPECT_EQ(actual, one.expected);
    ++count;
  }
  EXPECT_GE(count, 20u);
}

// Every chunk of the sample documents: its words are in the bytes its span names.
TEST(SampleDocuments, ChunksKnowTheirPlace) {
  std::size_t documents = 0;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(LIQUID_SOURCE_DIR) / "examples/docs")) {
    const std::string ending = entry.path().extension();
    if (ending != ".md" && ending != ".html") continue;
    const std::string source = read_file(entry.path()).value();
    const auto sink = [&](Result<Document> document) {
      ASSERT_TRUE(document);
      for (const Block& block : document->blocks) expect_words_in_span(block, source);
      for (const Chunk& one : chunk(*document, {64, 10})) {
        Block as_block;
        as_block.text = one.text;
        as_block.span = one.span;
        expect_words_in_span(as_block, source);
        EXPECT_LE(count_tokens(one.text), 64u);
      }
      ++documents;
    };
    const Result<void> read = read_documents(entry.path(), entry.path().filename(), {}, sink);
    EXPECT_TRUE(read || read.error().code == ErrorCode::invalid_argument);
  }
  EXPECT_GE(documents, 200u);
}

}  // namespace
}  // namespace liquid::corpus
