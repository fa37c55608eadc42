#include "api/access_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "api/test_exchange.h"
#include "base/file.h"

namespace liquid::api {
namespace {

std::string logged(TestExchange& exchange, http::Response& response) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("access_log_test." + std::to_string(getpid()) + ".log");
  std::filesystem::remove(path);
  ManualClock clock;
  exchange->received = clock.monotonic();
  {
    auto writer = LineWriter::open(path);
    AccessLog log(writer->get(), clock);
    log.enter(*exchange);
    clock.advance(std::chrono::microseconds(12'600));
    log.leave(*exchange, response);
  }
  std::string text = read_file(path).value_or("");
  std::filesystem::remove(path);
  return text;
}

TEST(AccessLog, WritesOneLineOfJson) {
  TestExchange exchange("/ask");
  exchange->cache_outcome = http::CacheOutcome::hit;
  http::Response response = http::json_response(200, "{}");
  const std::string line = logged(exchange, response);
  EXPECT_EQ(line.find(R"({"time":")"), 0u) << line;
  EXPECT_NE(line.find(R"(,"event":"request","id":"id-1","remote":"192.0.2.7","tenant":"public",)"
                      R"("method":"POST","path":"/ask","status":200,"bytes":2,"seconds":0.012600,)"
                      R"("cache":"hit"})"),
            std::string::npos)
      << line;
  EXPECT_EQ(response.headers.find("X-Response-Time"), "0.013s");
  EXPECT_EQ(response.headers.find("X-Request-Id"), "id-1");
}

TEST(AccessLog, NothingFromOutsideCanForgeALine) {
  TestExchange exchange("/a\n{\"event\":\"forged\"}");
  exchange->request_id = "x\"y";
  http::Response response;
  const std::string line = logged(exchange, response);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_EQ(line.find(R"({"event":"forged")"), std::string::npos);
  EXPECT_EQ(line.find("\"cache\""), std::string::npos);
}

TEST(AccessLog, NamesTheRouteForTheOtherLayers) {
  ManualClock clock;
  AccessLog log(nullptr, clock);
  TestExchange known("/ask/simple");
  log.enter(*known);
  EXPECT_EQ(known->route, "/ask/simple");
  TestExchange unknown("/ask/other");
  log.enter(*unknown);
  EXPECT_EQ(unknown->route, "other");
}

}  // namespace
}  // namespace liquid::api
