#include "tracking/artifacts/http_download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/digest.h"
#include "base/file.h"
#include "http/scripted_fixture.h"
#include "tracking/artifacts/artifact_store.h"
#include "tracking/artifacts/folder_fixture.h"

namespace liquid::tracking::artifacts {
namespace {

namespace fs = std::filesystem;
using http::cut_reply;
using http::reply;
using http::ScriptedServer;
using http::SeenRequest;

const std::string kTag = "ETag: \"v1\"";

std::string text_of(std::size_t size) {
  std::string text(size, 'a');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

// Where the range that is asked for begins; 0 without one.
std::size_t first_of(const SeenRequest& seen) {
  const std::string range = seen.header("range");
  return range.empty() ? 0 : std::stoul(range.substr(6));
}

http::Reply rest_of(const std::string& whole, const SeenRequest& seen,
                    const std::string& tag = kTag) {
  const std::size_t first = first_of(seen);
  return reply(206, whole.substr(first),
               {tag, "Content-Range: bytes " + std::to_string(first) + "-" +
                         std::to_string(whole.size() - 1) + "/" + std::to_string(whole.size())});
}

class HttpDownloading : public FolderTest {
 protected:
  Result<void> download(const ScriptedServer& server) {
    settings_.tracking_uri = server.url();
    const auto never = [](const std::string&) { return std::optional<std::string>(); };
    const auto no_wait = [](std::chrono::milliseconds, const std::stop_token&) {};
    auto store =
        open_artifacts("mlflow-artifacts:/", settings_, {.environment = never, .sleep = no_wait});
    return (*store)->download("f", out_, [this](std::uint64_t done, std::uint64_t total) {
      EXPECT_GE(done, told_);
      EXPECT_LE(done, total);
      told_ = done;
    });
  }
  std::string got() { return read_file(out_).value(); }
  std::ptrdiff_t files() { return std::distance(fs::directory_iterator(folder()), {}); }

  const fs::path out_ = folder() / "out";
  Settings settings_;
  std::uint64_t told_ = 0;
};

TEST_F(HttpDownloading, GoesOnWhereItBrokeOff) {
  const std::string whole = text_of(5000);
  const ScriptedServer server([&](const SeenRequest& seen) {
    if (seen.header("range").empty()) return cut_reply(200, whole, 2000, {kTag});
    EXPECT_EQ(seen.header("if-range"), "\"v1\"");
    return rest_of(whole, seen);
  });
  ASSERT_TRUE(download(server));
  EXPECT_EQ(got(), whole);
  ASSERT_EQ(server.seen().size(), 2U);
  EXPECT_EQ(server.seen()[1].header("range"), "bytes=2000-");
  EXPECT_EQ(told_, 5000U);
  EXPECT_EQ(files(), 1);
}

TEST_F(HttpDownloading, StartsAgainWhereTheServerKnowsNoRanges) {
  const std::string whole = text_of(5000);
  int count = 0;
  const ScriptedServer server([&](const SeenRequest&) {
    return ++count == 1 ? cut_reply(200, whole, 2000, {kTag}) : reply(200, whole, {kTag});
  });
  ASSERT_TRUE(download(server));
  EXPECT_EQ(got(), whole);
}

TEST_F(HttpDownloading, StartsAgainWhenTheFileChanged) {
  const std::string before = text_of(5000);
  const std::string after(5000, 'z');
  const ScriptedServer server([&](const SeenRequest& seen) {
    if (!seen.header("range").empty()) return rest_of(after, seen, "ETag: \"v2\"");
    static int count = 0;
    return ++count == 1 ? cut_reply(200, before, 2000, {kTag}) : reply(200, after);
  });
  ASSERT_TRUE(download(server));
  EXPECT_EQ(got(), after);
}

TEST_F(HttpDownloading, StartsAgainWhenARangeIsNotTheOneAskedFor) {
  const std::string whole = text_of(5000);
  int count = 0;
  const ScriptedServer server([&](const SeenRequest&) {
    ++count;
    if (count == 1) return cut_reply(200, whole, 2000, {kTag});
    if (count == 2) return reply(206, whole.substr(1), {kTag, "Content-Range: bytes 1-4999/5000"});
    return reply(200, whole, {kTag});
  });
  ASSERT_TRUE(download(server));
  EXPECT_EQ(got(), whole);
}

TEST_F(HttpDownloading, StartsAgainWhenTheRangeCannotBeHad) {
  const std::string whole = text_of(5000);
  int count = 0;
  const ScriptedServer server([&](const SeenRequest&) {
    ++count;
    if (count == 1) return cut_reply(200, whole, 2000, {kTag});
    return count == 2 ? reply(416, "") : reply(200, whole, {kTag});
  });
  ASSERT_TRUE(download(server));
  EXPECT_EQ(got(), whole);
}

TEST_F(HttpDownloading, TakesUpALargeDownloadOfAnEarlierCall) {
  settings_.access.max_retries = 0;
  const std::string whole = text_of(std::size_t{12} << 20U);
  const std::size_t sent = std::size_t{9} << 20U;
  const ScriptedServer server([&](const SeenRequest& seen) {
    return seen.header("range").empty() ? cut_reply(200, whole, sent, {kTag})
                                        : rest_of(whole, seen);
  });
  EXPECT_EQ(download(server).error().code, ErrorCode::unavailable);
  EXPECT_FALSE(fs::exists(out_));
  EXPECT_EQ(files(), 2);  // the part and its note
  told_ = 0;
  ASSERT_TRUE(download(server));
  EXPECT_EQ(server.seen()[1].header("range"), "bytes=" + std::to_string(sent) + "-");
  EXPECT_EQ(got(), whole);
  EXPECT_EQ(files(), 1);
}

TEST_F(HttpDownloading, DoesNotTakeUpWhatItsNoteDoesNotVouchFor) {
  settings_.access.max_retries = 0;
  const std::string whole = text_of(std::size_t{12} << 20U);
  int count = 0;
  const ScriptedServer server([&](const SeenRequest&) {
    return ++count == 1 ? cut_reply(200, whole, std::size_t{9} << 20U, {kTag}) : reply(200, whole);
  });
  ASSERT_FALSE(download(server));
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() == ".from") std::ofstream(entry.path()) << "something else\n";
  }
  told_ = 0;
  ASSERT_TRUE(download(server));
  EXPECT_EQ(server.seen()[1].header("range"), "");
  EXPECT_EQ(got(), whole);
  EXPECT_EQ(files(), 1);
}

TEST_F(HttpDownloading, KeepsNothingOfSmallDownloads) {
  settings_.access.max_retries = 0;
  const ScriptedServer server(
      [](const SeenRequest&) { return cut_reply(200, text_of(5000), 2000, {kTag}); });
  EXPECT_EQ(download(server).error().code, ErrorCode::unavailable);
  EXPECT_EQ(files(), 0);
}

TEST_F(HttpDownloading, ComparesTheDigestWhereTheAnswerNamesIt) {
  std::string digest = sha256("text").hex();
  const ScriptedServer server([&digest](const SeenRequest&) {
    return reply(200, "text", {"x-amz-meta-sha256: " + digest});
  });
  ASSERT_TRUE(download(server));
  digest = sha256("other").hex();
  told_ = 0;
  const Error error = download(server).error();
  EXPECT_EQ(error.code, ErrorCode::data_corrupt);
  EXPECT_NE(error.message.find(digest), std::string::npos) << error.message;
  EXPECT_EQ(files(), 1);
}

TEST_F(HttpDownloading, EndsWhenAskedTo) {
  std::stop_source stop;
  settings_.access.stop = stop.get_token();
  const ScriptedServer server([&stop](const SeenRequest&) {
    stop.request_stop();
    return http::Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"};
  });
  EXPECT_EQ(download(server).error().code, ErrorCode::cancelled);
  EXPECT_EQ(files(), 0);
}

}  // namespace
}  // namespace liquid::tracking::artifacts
