#include "http/parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"

namespace liquid::http {
namespace {

constexpr ParserLimits kLimits{.max_head_bytes = 1024, .max_body_bytes = 4096, .max_fields = 16};

// One line per request in `bytes`, then what is left of it: nothing, "incomplete" or the refusal.
// `pieces` says after which bytes the connection paused.
std::string outcome(std::string_view bytes, const std::vector<std::size_t>& pauses) {
  InputBuffer input;
  RequestParser parser(kLimits);
  std::string lines;
  std::size_t fed = 0;
  const auto feed = [&](std::size_t end) {
    input.append(bytes.substr(fed, end - fed));
    fed = end;
    while (!input.empty() && parser.parse(input) == RequestParser::Stage::complete) {
      const Request& request = parser.request();
      lines += std::string(request.method_text) + " " + std::string(request.target) +
               (parser.keep_alive() ? " keep-alive [" : " close [") + std::string(request.body) +
               "]\n";
      input.consume(parser.consumed());
      parser.reset();
    }
    return parser.stage() != RequestParser::Stage::failed;
  };
  for (const std::size_t pause : pauses) {
    if (!feed(pause)) break;
  }
  if (parser.stage() != RequestParser::Stage::failed) feed(bytes.size());
  if (parser.stage() == RequestParser::Stage::failed) {
    const Refusal& refusal = parser.refusal();
    return lines + std::to_string(refusal.status) + " " + std::string(refusal.code) + "\n";
  }
  return input.empty() ? lines : lines + "incomplete\n";
}

std::string outcome_byte_by_byte(std::string_view bytes) {
  std::vector<std::size_t> pauses(bytes.size());
  for (std::size_t i = 0; i < pauses.size(); ++i) pauses[i] = i;
  return outcome(bytes, pauses);
}

// "\r\n", "\t", "\x7f" and "\\" stand for bytes; line ends of the file mean nothing.
std::string unescape(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') continue;
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'r': bytes += '\r'; break;
      case 'n': bytes += '\n'; break;
      case 't': bytes += '\t'; break;
      case 'x':
        bytes += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
        break;
      default: bytes += text[i];
    }
  }
  return bytes;
}

struct Case {
  std::string name;
  std::string request;
  std::string expected;
};

std::vector<Case> load_cases() {
  std::vector<Case> cases;
  const std::filesystem::path folder =
      std::filesystem::path(LIQUID_SOURCE_DIR) / "tests" / "cases" / "http";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string text = read_file(entry.path()).value();
    const std::string request_mark = "--- request\n";
    const std::string expect_mark = "--- expect\n";
    const std::size_t request = text.find(request_mark) + request_mark.size();
    const std::size_t expect = text.find(expect_mark);
    cases.push_back({.name = entry.path().stem().string(),
                     .request = unescape(text.substr(request, expect - request)),
                     .expected = text.substr(expect + expect_mark.size())});
  }
  std::sort(cases.begin(), cases.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return cases;
}

class ParserCases : public testing::TestWithParam<Case> {};

TEST_P(ParserCases, GivesTheExpectedOutcome) {
  EXPECT_EQ(outcome(GetParam().request, {}), GetParam().expected);
}

TEST_P(ParserCases, GivesTheSameOutcomeWhereverTheBytesAreSplit) {
  const std::string& bytes = GetParam().request;
  for (std::size_t split = 0; split < bytes.size(); ++split) {
    ASSERT_EQ(outcome(bytes, {split}), GetParam().expected) << "split at " << split;
  }
  EXPECT_EQ(outcome_byte_by_byte(bytes), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Http, ParserCases, testing::ValuesIn(load_cases()),
                         [](const auto& test) { return test.param.name; });

std::string request_with(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

TEST(RequestParser, GivesViewsOfEverythingThatWasSent) {
  InputBuffer input;
  input.append(
      "PUT /a/b?c=d&e HTTP/1.1\r\nHost: h\r\nX-Name:  some value \r\nContent-Length: 2\r\n\r\nhi");
  RequestParser parser(kLimits);
  ASSERT_EQ(parser.parse(input), RequestParser::Stage::complete);
  const Request& request = parser.request();
  EXPECT_EQ(request.method, Method::put);
  EXPECT_EQ(request.method_text, "PUT");
  EXPECT_EQ(request.target, "/a/b?c=d&e");
  EXPECT_EQ(request.path, "/a/b");
  EXPECT_EQ(request.query, "c=d&e");
  EXPECT_EQ(request.body, "hi");
  ASSERT_EQ(request.headers.size(), 3U);
  EXPECT_EQ(request.headers[1].name, "X-Name");
  EXPECT_EQ(request.headers[1].value, "some value");
  EXPECT_EQ(request.header("x-NAME"), "some value");
  EXPECT_TRUE(request.has_header("host"));
  EXPECT_FALSE(request.has_header("x-nam"));
  EXPECT_EQ(parser.consumed(), input.size());
}

TEST(RequestParser, KnowsEveryMethod) {
  const std::vector<std::pair<std::string, Method>> methods = {
      {"GET", Method::get},         {"HEAD", Method::head},   {"POST", Method::post},
      {"PUT", Method::put},         {"PATCH", Method::patch}, {"DELETE", Method::del},
      {"OPTIONS", Method::options}, {"get", Method::other},   {"TRACE", Method::other}};
  for (const auto& [text, method] : methods) {
    InputBuffer input;
    input.append(text + " / HTTP/1.1\r\nHost: h\r\n\r\n");
    RequestParser parser(kLimits);
    ASSERT_EQ(parser.parse(input), RequestParser::Stage::complete) << text;
    EXPECT_EQ(parser.request().method, method) << text;
  }
}

TEST(RequestParser, TellsAnExpectationBeforeTheBodyComes) {
  InputBuffer input;
  input.append("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  RequestParser parser(kLimits);
  ASSERT_EQ(parser.parse(input), RequestParser::Stage::body);
  EXPECT_TRUE(parser.expects_continue());
}

TEST(RequestParser, AcceptsAHeadOfExactlyTheLimitAndNoByteMore) {
  const std::string frame = request_with("X: \r\n");
  const std::string fits = std::string(kLimits.max_head_bytes - frame.size(), 'v');
  EXPECT_EQ(outcome(request_with("X: " + fits + "\r\n"), {}), "GET / keep-alive []\n");
  EXPECT_EQ(outcome(request_with("X: " + fits + "v\r\n"), {}), "431 head_too_large\n");
  EXPECT_EQ(outcome_byte_by_byte(request_with("X: " + fits + "v\r\n")), "431 head_too_large\n");
}

TEST(RequestParser, RefusesAnEndlessRequestLineAsTargetTooLong) {
  const std::string line = "GET /" + std::string(kLimits.max_head_bytes, 'a');
  EXPECT_EQ(outcome(line, {}), "414 target_too_long\n");
  EXPECT_EQ(outcome_byte_by_byte(line), "414 target_too_long\n");
}

TEST(RequestParser, RefusesMoreFieldsThanTheLimit) {
  std::string fields;
  for (std::size_t i = 0; i < kLimits.max_fields - 1; ++i) fields += "X: 1\r\n";
  EXPECT_EQ(outcome(request_with(fields), {}), "GET / keep-alive []\n");
  EXPECT_EQ(outcome(request_with(fields + "X: 1\r\n"), {}), "431 head_too_large\n");
}

TEST(RequestParser, AcceptsABodyOfExactlyTheLimitAndNoByteMore) {
  const std::string body(kLimits.max_body_bytes, 'b');
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ";
  EXPECT_EQ(outcome(head + "4096\r\n\r\n" + body, {}), "POST / keep-alive [" + body + "]\n");
  EXPECT_EQ(outcome(head + "4097\r\n\r\n", {}), "413 body_too_large\n");
}

TEST(RequestParser, CountsChunksTogetherAgainstTheBodyLimit) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string half = "800\r\n" + std::string(2048, 'b') + "\r\n";
  EXPECT_EQ(outcome(head + half + half + "0\r\n\r\n", {}),
            "POST / keep-alive [" + std::string(4096, 'b') + "]\n");
  EXPECT_EQ(outcome(head + half + half + "1\r\nb\r\n0\r\n\r\n", {}), "413 body_too_large\n");
}

TEST(RequestParser, BoundsChunkExtensionsAndTrailers) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string extensions = head;
  for (int i = 0; i < 5; ++i) extensions += "1;" + std::string(250, 'e') + "\r\nb\r\n";
  EXPECT_EQ(outcome(extensions, {}), "400 bad_chunk\n");
  EXPECT_EQ(outcome(head + "1;" + std::string(2000, 'e'), {}), "400 bad_chunk\n");
  std::string trailers = head + "0\r\n";
  for (int i = 0; i < 5; ++i) trailers += "X: " + std::string(250, 't') + "\r\n";
  EXPECT_EQ(outcome(trailers, {}), "431 head_too_large\n");
  EXPECT_EQ(outcome_byte_by_byte(trailers), "431 head_too_large\n");
}

TEST(RequestParser, KeepsTheBufferSmallWhenABodyComesInTinyChunks) {
  InputBuffer input;
  input.append("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::size_t head = input.size();
  RequestParser parser(kLimits);
  for (int i = 0; i < 4000; ++i) {
    input.append("1\r\nb\r\n");
    ASSERT_EQ(parser.parse(input), RequestParser::Stage::body);
    ASSERT_EQ(input.size(), head + static_cast<std::size_t>(i) + 1);
  }
  input.append("0\r\n\r\n");
  ASSERT_EQ(parser.parse(input), RequestParser::Stage::complete);
  EXPECT_EQ(parser.request().body, std::string(4000, 'b'));
}

TEST(RequestParser, KeepsItsViewsRightWhenTheBufferMoves) {
  InputBuffer input;
  input.append("POST /path HTTP/1.1\r\nHost: h\r\nContent-Length: 4000\r\n\r\n");
  RequestParser parser({.max_head_bytes = 1024, .max_body_bytes = 100'000, .max_fields = 16});
  ASSERT_EQ(parser.parse(input), RequestParser::Stage::body);
  static_cast<void>(input.space(1 << 20));
  input.append(std::string(4000, 'b'));
  ASSERT_EQ(parser.parse(input), RequestParser::Stage::complete);
  EXPECT_EQ(parser.request().path, "/path");
  EXPECT_EQ(parser.request().header("host"), "h");
}

}  // namespace
}  // namespace liquid::http
