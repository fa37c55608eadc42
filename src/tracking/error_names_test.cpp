#include "tracking/error_names.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace liquid::tracking {
namespace {

constexpr std::array kCodes{
    ErrorCode::invalid_argument,   ErrorCode::not_found,       ErrorCode::conflict,
    ErrorCode::invalid_state,      ErrorCode::unauthenticated, ErrorCode::permission_denied,
    ErrorCode::resource_exhausted, ErrorCode::unavailable,     ErrorCode::deadline_exceeded,
    ErrorCode::cancelled,          ErrorCode::data_corrupt,    ErrorCode::unsupported};

TEST(ErrorNames, ComeBackAsTheCodeTheyWereWrittenFor) {
  for (const ErrorCode code : kCodes) {
    const ErrorName name = error_name(code);
    EXPECT_EQ(error_code_from(name.name, name.http_status), code) << name.name;
    EXPECT_EQ(error_code_from(name.name, 200), code) << "the name counts, not the status";
  }
}

TEST(ErrorNames, AreMlflowsWithTheirStatus) {
  EXPECT_EQ(error_name(ErrorCode::invalid_argument).name, "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(error_name(ErrorCode::not_found).name, "RESOURCE_DOES_NOT_EXIST");
  EXPECT_EQ(error_name(ErrorCode::not_found).http_status, 404);
  EXPECT_EQ(error_name(ErrorCode::conflict).name, "RESOURCE_ALREADY_EXISTS");
  EXPECT_EQ(error_name(ErrorCode::conflict).http_status, 400);
  EXPECT_EQ(error_name(ErrorCode::internal).name, "INTERNAL_ERROR");
}

TEST(ErrorNames, OfEndpointsThatAreMissingAreUnsupported) {
  EXPECT_EQ(error_code_from("ENDPOINT_NOT_FOUND", 404), ErrorCode::unsupported);
  EXPECT_EQ(error_code_from("", 404), ErrorCode::unsupported);
  EXPECT_EQ(error_code_from("", 405), ErrorCode::unsupported);
  EXPECT_EQ(error_code_from("RESOURCE_DOES_NOT_EXIST", 404), ErrorCode::not_found);
}

TEST(ErrorNames, FallBackToTheStatusWhenUnknown) {
  EXPECT_EQ(error_code_from("SOMETHING_NEW", 400), ErrorCode::invalid_argument);
  EXPECT_EQ(error_code_from("SOMETHING_NEW", 401), ErrorCode::unauthenticated);
  EXPECT_EQ(error_code_from("", 403), ErrorCode::permission_denied);
  EXPECT_EQ(error_code_from("", 500), ErrorCode::unavailable);
  EXPECT_EQ(error_code_from("", 502), ErrorCode::unavailable);
  EXPECT_EQ(error_code_from("", 504), ErrorCode::deadline_exceeded);
  EXPECT_EQ(error_code_from("INTERNAL_ERROR", 500), ErrorCode::unavailable);
}

}  // namespace
}  // namespace liquid::tracking
