#include "tracking/rest/address.h"

#include <gtest/gtest.h>

#include "tracking/text_coding.h"

namespace liquid::tracking::rest {
namespace {

TEST(Address, KeepsHostPortAndPrefix) {
  EXPECT_EQ(parse_address("http://host:5000").value().base, "http://host:5000");
  EXPECT_EQ(parse_address("HTTPS://host/mlflow/team//").value().base, "https://host/mlflow/team");
  EXPECT_EQ(parse_address("http://[::1]:5000/").value().base, "http://[::1]:5000");
}

TEST(Address, TakesTheUserOut) {
  const Address address = parse_address("https://ann:p%40ss%3A@host:1/p").value();
  EXPECT_EQ(address.base, "https://host:1/p");
  EXPECT_EQ(address.username, "ann");
  EXPECT_EQ(address.password, "p@ss:");
  EXPECT_EQ(parse_address("http://ann@host").value().username, "ann");
  EXPECT_EQ(parse_address("http://ann@host").value().password, "");
}

TEST(Address, RefusesWhatIsNoServer) {
  for (const std::string_view uri :
       {"", "host:5000", "ftp://host", "http://", "http:///path", "http://:5000", "http://host?x=1",
        "http://host/#top", "http://ho st", "http://host\n", "sqlite:///mlflow.db"}) {
    const Result<Address> address = parse_address(uri);
    ASSERT_FALSE(address) << uri;
    EXPECT_EQ(address.error().code, ErrorCode::invalid_argument) << uri;
  }
}

TEST(Address, NeverShowsThePassword) {
  const Error error = parse_address("http://ann:secret@host?x").error();
  EXPECT_EQ(error.message.find("secret"), std::string::npos) << error.message;
  const Error other = parse_address("ann:secret@host").error();
  EXPECT_EQ(other.message.find("secret"), std::string::npos) << other.message;
}

TEST(PercentEncoded, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encoded("aZ09-_.~"), "aZ09-_.~");
  EXPECT_EQ(percent_encoded("a b/c&d=é"), "a%20b%2Fc%26d%3D%C3%A9");
}

}  // namespace
}  // namespace liquid::tracking::rest
