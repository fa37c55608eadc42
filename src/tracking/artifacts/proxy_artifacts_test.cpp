#include "tracking/artifacts/proxy_artifacts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
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
using http::Reply;
using http::reply;
using http::ScriptedServer;
using http::SeenRequest;
using testing::ElementsAre;

constexpr std::string_view kApi = "/api/2.0/mlflow-artifacts";

class ProxyArtifacts : public FolderTest {
 protected:
  std::unique_ptr<ArtifactStore> open(const ScriptedServer& server,
                                      std::string_view uri = "mlflow-artifacts:/7/r") {
    settings_.tracking_uri = server.url();
    return std::move(
        open_artifacts(uri, settings_, {.environment = environment(), .sleep = sleeper()}).value());
  }

  Environment environment() {
    return [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
  }
  Sleeper sleeper() {
    return [this](std::chrono::milliseconds pause, const std::stop_token&) {
      pauses_.push_back(pause.count());
    };
  }

  Settings settings_;
  std::map<std::string, std::string> variables_;
  std::vector<std::int64_t> pauses_;
};

TEST_F(ProxyArtifacts, PutsAFileWithItsTypeAndOurName) {
  settings_.access.username = "me";
  settings_.access.password = "secret";
  settings_.access.workspace = "ws";
  const ScriptedServer server([](const SeenRequest&) { return reply(200, "{}"); });
  const UploadedFile sent = open(server)->upload(write("in", "text"), "a b/MLmodel", {}).value();
  EXPECT_EQ(sent, (UploadedFile{"a b/MLmodel", 4, sha256("text").hex()}));
  const SeenRequest seen = server.seen().at(0);
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.target, std::string(kApi) + "/artifacts/7/r/a%20b/MLmodel");
  EXPECT_EQ(seen.body, "text");
  EXPECT_EQ(seen.header("content-type"), "text/plain");
  EXPECT_EQ(seen.header("authorization"), "Basic bWU6c2VjcmV0");
  EXPECT_EQ(seen.header("x-mlflow-workspace"), "ws");
}

TEST_F(ProxyArtifacts, SendsAgainWhatFailedForTheMoment) {
  int count = 0;
  const ScriptedServer server([&count](const SeenRequest&) {
    ++count;
    if (count == 1) return Reply{.bytes = "", .after = http::After::close};
    if (count == 2) return reply(503, "", {"Retry-After: 3"});
    return reply(200, "{}");
  });
  std::vector<std::uint64_t> told;
  const auto sent =
      open(server)->upload(write("in", "text"), "f",
                           [&told](std::uint64_t done, std::uint64_t) { told.push_back(done); });
  EXPECT_EQ(sent.value().sha256, sha256("text").hex());
  EXPECT_EQ(server.seen().back().body, "text");
  EXPECT_THAT(told, ElementsAre(4U));
  EXPECT_THAT(pauses_, ElementsAre(3000));
}

TEST_F(ProxyArtifacts, GivesUpAfterTheRetriesOfTheSettings) {
  settings_.access.max_retries = 2;
  const ScriptedServer server([](const SeenRequest&) { return reply(503, "down"); });
  EXPECT_EQ(open(server)->upload(write("in", "x"), "f", {}).error().code, ErrorCode::unavailable);
  EXPECT_EQ(server.seen().size(), 3U);
}

TEST_F(ProxyArtifacts, TellsTheServersReason) {
  const ScriptedServer server([](const SeenRequest&) {
    return reply(403, R"({"error_code": "PERMISSION_DENIED", "message": "not yours"})");
  });
  const Error error = open(server)->upload(write("in", "x"), "f", {}).error();
  EXPECT_EQ(error.code, ErrorCode::permission_denied);
  EXPECT_NE(error.message.find("not yours"), std::string::npos) << error.message;
}

TEST_F(ProxyArtifacts, ListsBaseNamesAsPathsOfTheRoot) {
  const ScriptedServer server([](const SeenRequest&) {
    return reply(200, R"({"files": [{"path": "z", "is_dir": true},
                          {"path": "b.txt", "is_dir": false, "file_size": 3}, {"path": "empty"}]})");
  });
  const auto found = open(server)->list("a+b").value();
  EXPECT_THAT(found, ElementsAre(FileInfo{"a+b/b.txt", false, 3}, FileInfo{"a+b/empty", false, 0},
                                 FileInfo{"a+b/z", true, {}}));
  EXPECT_EQ(server.seen().at(0).target, std::string(kApi) + "/artifacts?path=7%2Fr%2Fa%2Bb");
}

TEST_F(ProxyArtifacts, ListsNothingForAFile) {
  const ScriptedServer server([](const SeenRequest&) {
    return reply(200, R"({"files": [{"path": "f.txt", "is_dir": false, "file_size": 3}]})");
  });
  EXPECT_TRUE(open(server)->list("a/f.txt").value().empty());
}

TEST_F(ProxyArtifacts, RefusesNamesFromTheServerThatLeaveTheFolder) {
  std::string name;
  const ScriptedServer server([&name](const SeenRequest&) {
    return reply(200, R"({"files": [{"path": ")" + name + R"(", "is_dir": false}]})");
  });
  auto store = open(server);
  for (const std::string evil : {"..", "../../etc/passwd", "/etc/passwd", "a/b", "a\\\\b", ""}) {
    name = evil;
    EXPECT_EQ(store->list("").error().code, ErrorCode::invalid_argument) << evil;
    EXPECT_EQ(download_tree(*store, "", folder() / "out", {}).error().code,
              ErrorCode::invalid_argument)
        << evil;
  }
  EXPECT_FALSE(fs::exists(folder() / "out"));
}

TEST_F(ProxyArtifacts, SaysWhenAListIsNone) {
  std::string body;
  const ScriptedServer server([&body](const SeenRequest&) { return reply(200, body); });
  auto store = open(server);
  for (const std::string bad :
       {"", "<html>", "[]", R"({"files": 1})", R"({"files": [1]})", R"({"files": [{}]})",
        R"({"files": [{"path": "a", "file_size": -1}]})"}) {
    body = bad;
    EXPECT_EQ(store->list("").error().code, ErrorCode::data_corrupt) << bad;
  }
}

TEST_F(ProxyArtifacts, RefusesPathsThatAServerReadsDifferently) {
  const ScriptedServer server([](const SeenRequest&) { return reply(200, "{}"); });
  auto store = open(server);
  for (const std::string path : {"..", "%2e%2e/a", "a%41", "a#b", "a?", "a;", "a\tb", "\xFF"}) {
    EXPECT_EQ(store->upload(write("in", "x"), path, {}).error().code, ErrorCode::invalid_argument)
        << path;
    EXPECT_EQ(store->list(path).error().code, ErrorCode::invalid_argument) << path;
  }
  EXPECT_TRUE(server.seen().empty());
}

TEST_F(ProxyArtifacts, DownloadsAndRemoves) {
  const ScriptedServer server([](const SeenRequest& seen) {
    return seen.method == "GET" ? reply(200, "text") : reply(200, "{}");
  });
  auto store = open(server);
  ASSERT_TRUE(store->download("a/f", folder() / "out", {}));
  EXPECT_EQ(read_file(folder() / "out").value(), "text");
  ASSERT_TRUE(store->remove("a"));
  EXPECT_EQ(server.seen().back().method, "DELETE");
  EXPECT_EQ(server.seen().back().target, std::string(kApi) + "/artifacts/7/r/a");
}

TEST_F(ProxyArtifacts, DownloadsAnEmptyFile) {
  const ScriptedServer server([](const SeenRequest&) { return reply(200, ""); });
  ASSERT_TRUE(open(server)->download("f", folder() / "out", {}));
  EXPECT_EQ(fs::file_size(folder() / "out"), 0U);
}

TEST_F(ProxyArtifacts, LeavesNothingOfADownloadThatFailed) {
  const ScriptedServer server([](const SeenRequest&) {
    return reply(404,
                 R"({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such artifact"})");
  });
  write("out", "old");
  EXPECT_EQ(open(server)->download("f", folder() / "out", {}).error().code, ErrorCode::not_found);
  EXPECT_EQ(read_file(folder() / "out").value(), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder()), {}), 1);
}

TEST_F(ProxyArtifacts, RemovingWhatIsGoneIsNoFailure) {
  const ScriptedServer server([](const SeenRequest&) { return reply(404, ""); });
  EXPECT_TRUE(open(server)->remove("f"));
}

TEST_F(ProxyArtifacts, WorksBelowPlainUrlsButForLists) {
  const ScriptedServer server([](const SeenRequest& seen) {
    return seen.method == "GET" ? reply(200, "text") : reply(201, "");
  });
  auto store = open(server, server.url() + "/files/x%20y");
  ASSERT_TRUE(store->upload(write("in", "text"), "a", {}));
  EXPECT_EQ(server.seen().at(0).target, "/files/x%20y/a");
  EXPECT_EQ(store->list("").error().code, ErrorCode::unsupported);
  EXPECT_EQ(download_tree(*store, "a", folder() / "out", {}).value(), folder() / "out/a");
  EXPECT_EQ(read_file(folder() / "out/a").value(), "text");
}

// What a server with a store for parts says.
class PartsServer {
 public:
  Reply answer(const SeenRequest& seen) {
    const std::string_view target(seen.target);
    if (target == create_) return created();
    if (target.starts_with("/part/")) return part(seen);
    if (target.find("/mpu/complete/") != std::string_view::npos) {
      completed_ = seen.body;
      return reply(200, "{}");
    }
    aborted_ = aborted_ || target.find("/mpu/abort/") != std::string_view::npos;
    return reply(200, "{}");
  }

  std::string url_;
  std::string create_ = std::string(kApi) + "/mpu/create/7/r/d";
  std::map<std::string, std::string> parts_;
  std::string completed_;
  bool aborted_ = false;
  bool refuse_second_ = false;
  bool credentials_sent_ = false;

 private:
  Reply created() const {
    std::string list;
    for (int i = 1; i <= 3; ++i) {
      const std::string number = std::to_string(i);
      list += (i > 1 ? "," : "") + std::string(R"({"url": ")") + url_ + "/part/" + number +
              R"(?sig=s", "part_number": )" + number + R"(, "headers": {"X-Part": "p"}})";
    }
    return reply(200, R"({"upload_id": "id", "credentials": [)" + list + "]}");
  }
  Reply part(const SeenRequest& seen) {
    credentials_sent_ = credentials_sent_ || !seen.header("authorization").empty();
    EXPECT_EQ(seen.header("x-part"), "p");
    const std::string number = seen.target.substr(6, 1);
    if (refuse_second_ && number == "2") return reply(400, "no");
    parts_[number] = seen.body;
    return reply(200, "", {"ETag: \"e" + number + "\""});
  }
};

class ProxyParts : public ProxyArtifacts {
 protected:
  ProxyParts() {
    parts_.url_ = server_.url();
    settings_.multipart = {.through_proxy = true, .minimum_file_bytes = 10, .chunk_bytes = 4};
    settings_.access.token = "t";
  }
  PartsServer parts_;
  ScriptedServer server_{[this](const SeenRequest& seen) { return parts_.answer(seen); }};
};

TEST_F(ProxyParts, SendsALargeFileInParts) {
  const auto sent = open(server_)->upload(write("in", "0123456789"), "d/f", {});
  EXPECT_EQ(sent.value().sha256, sha256("0123456789").hex());
  EXPECT_EQ(parts_.parts_,
            (std::map<std::string, std::string>{{"1", "0123"}, {"2", "4567"}, {"3", "89"}}));
  EXPECT_EQ(parts_.completed_.find(R"({"path":"f","upload_id":"id","parts":[{"part_number":1,)"
                                   R"("etag":"\"e1\"")"),
            0U)
      << parts_.completed_;
  EXPECT_FALSE(parts_.credentials_sent_);
  EXPECT_FALSE(parts_.aborted_);
}

TEST_F(ProxyParts, GivesUpOnTheServerWhatFailed) {
  parts_.refuse_second_ = true;
  const Error error = open(server_)->upload(write("in", "0123456789"), "d/f", {}).error();
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_NE(error.message.find("part 2"), std::string::npos) << error.message;
  EXPECT_EQ(error.message.find("sig="), std::string::npos) << error.message;
  EXPECT_TRUE(parts_.aborted_);
}

TEST_F(ProxyParts, SendsSmallFilesInOnePiece) {
  ASSERT_TRUE(open(server_)->upload(write("in", "012345678"), "d/f", {}));
  EXPECT_EQ(server_.seen().at(0).target, std::string(kApi) + "/artifacts/7/r/d/f");
}

TEST_F(ProxyArtifacts, SendsInOnePieceWhereTheServerKnowsNoParts) {
  settings_.multipart = {.through_proxy = true, .minimum_file_bytes = 1, .chunk_bytes = 4};
  const ScriptedServer server([](const SeenRequest& seen) {
    if (seen.method == "PUT") return reply(200, "{}");
    return reply(501, R"({"error_code": "NOT_IMPLEMENTED", "message": "Multipart upload is not"})");
  });
  ASSERT_TRUE(open(server)->upload(write("in", "0123456789"), "f", {}));
  EXPECT_EQ(server.seen().size(), 2U);
  EXPECT_EQ(server.seen().back().body, "0123456789");
}

TEST_F(ProxyArtifacts, FetchesRangesFromTheAddressTheServerNames) {
  variables_ = {{"MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true"},
                {"MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", "4"}};
  std::string url;
  const std::string whole = "0123456789";
  int failures = 1;
  const ScriptedServer server([&](const SeenRequest& seen) {
    if (seen.target == std::string(kApi) + "/presigned/7/r/f") {
      return reply(200, R"({"url": ")" + url + R"(/direct", "headers": {}, "file_size": 10})");
    }
    const std::string range = seen.header("range");
    const std::size_t first = std::stoul(range.substr(6));
    const std::size_t last = std::stoul(range.substr(range.find('-') + 1));
    const std::string body = whole.substr(first, last - first + 1);
    if (first == 4 && failures-- > 0) return cut_reply(206, body, 2);
    return reply(206, body);
  });
  url = server.url();
  std::uint64_t told = 0;
  ASSERT_TRUE(open(server)->download("f", folder() / "out",
                                     [&told](std::uint64_t done, std::uint64_t) { told = done; }));
  EXPECT_EQ(read_file(folder() / "out").value(), whole);
  EXPECT_EQ(told, 10U);
}

TEST_F(ProxyArtifacts, FetchesDirectlyWhereTheServerHasNoAddress) {
  variables_ = {{"MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "1"}};
  const ScriptedServer server([](const SeenRequest& seen) {
    return seen.target.find("presigned") == std::string::npos ? reply(200, "text") : reply(501, "");
  });
  ASSERT_TRUE(open(server)->download("f", folder() / "out", {}));
  EXPECT_EQ(read_file(folder() / "out").value(), "text");
}

}  // namespace
}  // namespace liquid::tracking::artifacts
