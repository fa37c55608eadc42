#include "api/error_status.h"

#include <gtest/gtest.h>

namespace liquid::api {
namespace {

TEST(ErrorStatus, TellsTheClientWhatItCanMend) {
  const http::Response response =
      error_response({ErrorCode::not_found, "document 'a.md' is not in the index"});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, R"({"detail":"document 'a.md' is not in the index"})");
}

TEST(ErrorStatus, KeepsOurOwnDefectsToTheLog) {
  for (const ErrorCode code : {ErrorCode::internal, ErrorCode::data_corrupt}) {
    const http::Response response = error_response({code, "secret path /etc/x"});
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.body, R"({"detail":"Internal Server Error"})");
  }
}

TEST(ErrorStatus, SaysWhenToComeBack) {
  EXPECT_EQ(error_response({ErrorCode::unavailable, "busy"}).headers.find("Retry-After"), "1");
}

TEST(ErrorStatus, TheGeneratorsRefusalIsNotTheClientsFault) {
  EXPECT_EQ(upstream_error_response({ErrorCode::unauthenticated, "bad key sk-123"}).status, 502);
  EXPECT_EQ(
      upstream_error_response({ErrorCode::unauthenticated, "bad key sk-123"}).body.find("sk-123"),
      std::string::npos);
  EXPECT_EQ(upstream_error_response({ErrorCode::permission_denied, ""}).status, 502);
  EXPECT_EQ(upstream_error_response({ErrorCode::resource_exhausted, "429"}).status, 503);
  EXPECT_EQ(upstream_error_response({ErrorCode::unavailable, "down"}).status, 503);
  EXPECT_EQ(upstream_error_response({ErrorCode::deadline_exceeded, "slow"}).status, 504);
  EXPECT_EQ(upstream_error_response({ErrorCode::not_found, "no such model"}).status, 500);
}

TEST(ErrorStatus, TheGeneratorsWordsAreForTheLogOnly) {
  for (const ErrorCode code : {ErrorCode::unavailable, ErrorCode::deadline_exceeded,
                               ErrorCode::resource_exhausted, ErrorCode::internal}) {
    const auto response = upstream_error_response({code, "http://10.0.0.7: /etc/passwd"});
    EXPECT_EQ(response.body.find("10.0.0.7"), std::string::npos);
    EXPECT_EQ(response.body.find("passwd"), std::string::npos);
  }
}

}  // namespace
}  // namespace liquid::api
