// Who asks, how often, and what failures become.

#include "tracking/rest/endpoint.h"

#include <filesystem>

#include "http/certificate_fixture.h"
#include "tracking/rest/scripted_server_test.h"

namespace liquid::tracking::rest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class EndpointTest : public RestStoreTest {
 protected:
  EndpointTest() { settings_.access.backoff_jitter = 0; }

  Result<void> call() { return store().runs().restore(RunId("r1")); }
  Error failure() { return call().error(); }
  // Status, headers and body of one answer.
  static http::Response with_header(http::Response response, std::string_view name,
                                    std::string_view value) {
    response.headers.add(name, value);
    return response;
  }
};

TEST_F(EndpointTest, RepeatsAsMlflowsClientDoes) {
  for (const int status : {408, 429, 500, 502, 503, 504}) server_.answer(status, "{}");
  server_.answer(200, "{}");
  EXPECT_TRUE(call());
  EXPECT_EQ(server_.asked().size(), 7U);
  EXPECT_EQ(pauses_, (std::vector<milliseconds>{seconds(4), seconds(8), seconds(16), seconds(32),
                                                seconds(64)}))
      << "the first repetition comes at once";
}

TEST_F(EndpointTest, GivesUpAfterTheRepetitionsAllowed) {
  settings_.access.max_retries = 2;
  server_.answer_error(503, "TEMPORARILY_UNAVAILABLE", "database is locked");
  EXPECT_EQ(failure(), (Error{ErrorCode::unavailable, "database is locked (tried 3 times)"}));
  EXPECT_EQ(server_.asked().size(), 3U);
}

TEST_F(EndpointTest, AsksOnceWithoutRepetitions) {
  settings_.access.max_retries = 0;
  server_.answer(503, "{}");
  EXPECT_EQ(failure().code, ErrorCode::unavailable);
  EXPECT_EQ(server_.asked().size(), 1U);
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(EndpointTest, AddsJitter) {
  settings_.access.backoff_jitter = 1.0;
  settings_.access.max_retries = 3;
  server_.answer(503, "{}");
  EXPECT_FALSE(call());
  ASSERT_EQ(pauses_.size(), 2U);
  EXPECT_GE(pauses_[0], seconds(4));
  EXPECT_LE(pauses_[0], seconds(5));
  EXPECT_GE(pauses_[1], seconds(8));
}

TEST_F(EndpointTest, WaitsAsLongAsTheServerAsks) {
  const http::Response busy = http::json_response(429, "{}");
  server_.answer(with_header(busy, "Retry-After", "7"))
      .answer(with_header(busy, "Retry-After", "Thu, 01 Jan 1970 00:01:40 GMT"))
      .answer(with_header(busy, "Retry-After", "soon"))
      .answer(200, "{}");
  const WallTime now = clock_.wall();
  clock_.advance(WallTime(seconds(90)) - now);
  EXPECT_TRUE(call());
  EXPECT_EQ(pauses_, (std::vector<milliseconds>{seconds(7), seconds(10), seconds(8)}));
}

TEST_F(EndpointTest, DoesNotRepeatWhatCannotChange) {
  server_.answer_error(500, "INVALID_STATE", "Cannot rename a deleted experiment");
  EXPECT_EQ(failure(), (Error{ErrorCode::invalid_state, "Cannot rename a deleted experiment"}));
  EXPECT_EQ(server_.asked().size(), 1U);
}

TEST_F(EndpointTest, RepeatsWhenNobodyListens) {
  store_ = open_at("http://127.0.0.1:1").value();
  const Error error = failure();
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_NE(error.message.find("127.0.0.1:1"), std::string::npos);
  EXPECT_NE(error.message.find("(tried 8 times)"), std::string::npos);
  EXPECT_EQ(pauses_.size(), 6U);
}

TEST_F(EndpointTest, StopsBetweenRepetitions) {
  std::stop_source stop;
  settings_.access.stop = stop.get_token();
  server_.answer(503, "{}");
  while_waiting_ = [&stop] { stop.request_stop(); };
  EXPECT_EQ(failure().code, ErrorCode::cancelled);
  EXPECT_EQ(server_.asked().size(), 2U);
  EXPECT_EQ(failure().code, ErrorCode::cancelled);
  EXPECT_EQ(server_.asked().size(), 2U) << "nothing is sent once asked to stop";
}

TEST_F(EndpointTest, EndsItsOwnWaitsWhenAskedToStop) {
  std::stop_source stop;
  settings_.access.stop = stop.get_token();
  settings_.access.backoff_factor = 120;
  server_.answer(503, "{}");
  store_ = open_rest_store(server_.url(), settings_, clock_).value();
  std::jthread call_ends([&] { EXPECT_EQ(failure().code, ErrorCode::cancelled); });
  http::wait_until([&] { return server_.asked().size() == 2; });
  stop.request_stop();  // instead of two minutes later
}

TEST_F(EndpointTest, SaysWhoAsks) {
  settings_.access.username = "ann";
  settings_.access.password = "pass:word";
  settings_.access.token = "unused";
  settings_.access.workspace = "team";
  EXPECT_TRUE(call());
  const Asked asked = server_.last();
  EXPECT_EQ(asked.header("authorization"), "Basic YW5uOnBhc3M6d29yZA==");
  EXPECT_EQ(asked.header("x-mlflow-workspace"), "team");
  EXPECT_EQ(asked.header("user-agent").substr(0, 7), "liquid/");
}

TEST_F(EndpointTest, SendsATokenWhereNoUserIsNamed) {
  settings_.access.username = "ann";  // without a password
  settings_.access.token = "abc.def";
  EXPECT_TRUE(call());
  EXPECT_EQ(server_.last().header("authorization"), "Bearer abc.def");
}

TEST_F(EndpointTest, TakesTheUserOfTheUri) {
  std::string uri = server_.url("/prefix/");
  uri.insert(uri.find("://") + 3, "bob:s%20s@");
  store_ = open_at(uri).value();
  EXPECT_TRUE(call());
  EXPECT_EQ(server_.last().header("authorization"), "Basic Ym9iOnMgcw==");
  EXPECT_EQ(server_.last().line, "POST /prefix/api/2.0/mlflow/runs/restore");
}

TEST_F(EndpointTest, SendsNoAuthorizationWithoutCredentials) {
  EXPECT_TRUE(call());
  EXPECT_EQ(server_.last().header("authorization"), "");
}

TEST_F(EndpointTest, ExplainsPlainRefusals) {
  settings_.access.max_retries = 0;
  server_.answer(http::text_response(401, "text/plain", "You are not authenticated."))
      .answer(http::text_response(403, "text/html", "Permission denied"))
      .answer(http::text_response(503, "text/plain", "Artifacts\nonly"))
      .answer(http::text_response(302, "text/html", "<html>"));
  const Error unknown = failure();
  EXPECT_EQ(unknown.code, ErrorCode::unauthenticated);
  EXPECT_NE(unknown.message.find("You are not authenticated. (set MLFLOW_TRACKING_USERNAME"),
            std::string::npos)
      << unknown.message;
  const Error denied = failure();
  EXPECT_EQ(denied.code, ErrorCode::permission_denied);
  EXPECT_NE(denied.message.find("status 403: Permission denied"), std::string::npos);
  const Error down = failure();
  EXPECT_EQ(down.code, ErrorCode::unavailable);
  EXPECT_NE(down.message.find("status 503: Artifacts only"), std::string::npos);
}

TEST_F(EndpointTest, SaysWhereARedirectLeads) {
  server_.answer(with_header(http::text_response(308, "text/html", "<html>"), "Location",
                             "https://tracking/"));
  const Error error = failure();
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_NE(error.message.find("\"https://tracking/\""), std::string::npos);
}

TEST_F(EndpointTest, AsksWhetherAWebPageIsMlflow) {
  server_.answer(http::text_response(200, "text/html", "<html>Welcome"))
      .answer(http::text_response(404, "text/html", "<html>nothing"))
      .answer(http::text_response(200, "text/plain", "hello"))
      .answer(200, R"({"run": )");
  const Error page = failure();
  EXPECT_EQ(page.code, ErrorCode::data_corrupt);
  EXPECT_NE(page.message.find("is this the address of an MLflow server?"), std::string::npos);
  EXPECT_NE(page.message.find("/api/2.0/mlflow/runs/restore"), std::string::npos);
  const Error missing = failure();
  EXPECT_EQ(missing.code, ErrorCode::unsupported);
  EXPECT_NE(missing.message.find("is this the address of an MLflow server?"), std::string::npos);
  EXPECT_NE(failure().message.find("expected a JSON object, got: hello"), std::string::npos);
  EXPECT_EQ(failure().code, ErrorCode::data_corrupt) << "cut off";
}

TEST_F(EndpointTest, TakesNothingForAnEmptyObject) {
  server_.answer(200, "").answer(200, " \n").answer(200, "200 OK").answer(204, "");
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(call());
}

TEST_F(EndpointTest, TakesOddEnvelopes) {
  server_.answer(404, R"({"error_code": 404, "message": "no run"})")
      .answer(400, R"({"error_code": "RESOURCE_ALREADY_EXISTS"})")
      .answer(400, R"({"error_code": {"a": 1}, "message": [2]})")
      .answer(400, R"({"detail": "other"})");
  EXPECT_EQ(failure(), (Error{ErrorCode::unsupported, "no run"}));
  EXPECT_EQ(failure().code, ErrorCode::conflict);
  EXPECT_EQ(failure().code, ErrorCode::invalid_argument);
  EXPECT_NE(failure().message.find("{\"detail\": \"other\"}"), std::string::npos);
}

TEST_F(EndpointTest, KeepsItsConnection) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(call());
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(EndpointTest, TrustsOnlyWhatTheSettingsSay) {
  const auto folder =
      std::filesystem::path(testing::TempDir()) / ("liquid_rest_tls_" + std::to_string(::getpid()));
  const http::TestCertificate certificate = http::write_test_certificate(folder);
  http::ServerOptions options;
  options.tls = http::TlsOptions{.certificate_chain = certificate.chain,
                                 .private_key = certificate.private_key};
  ScriptedServer server(options);
  const auto outcome = [&] { return open_at(server.url()).value()->runs().restore(RunId("r1")); };
  EXPECT_EQ(outcome().error().code, ErrorCode::unauthenticated);
  EXPECT_TRUE(pauses_.empty()) << "another try would see the same certificate";
  settings_.access.ca_file = certificate.chain;
  EXPECT_TRUE(outcome());
  settings_.access.ca_file.clear();
  settings_.access.verify_certificate = false;
  EXPECT_TRUE(outcome());
  settings_.access.client_certificate = folder / "nowhere.pem";
  EXPECT_EQ(outcome().error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(server.asked().size(), 2U);
  std::filesystem::remove_all(folder);
}

TEST_F(EndpointTest, RefusesUrisThatAreNoServers) {
  EXPECT_EQ(open_at("sqlite:///mlflow.db").error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace liquid::tracking::rest
