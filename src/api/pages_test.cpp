#include "api/pages.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "api/assets.h"
#include "api/route_list.h"
#include "api/test_exchange.h"

namespace liquid::api {
namespace {

class PagesTest : public ::testing::Test {
 protected:
  http::Response page(std::string_view path, std::string_view if_none_match = {}) {
    TestExchange exchange{std::string(path), http::Method::get};
    if (!if_none_match.empty()) exchange.header("If-None-Match", if_none_match);
    return answer_of(router_.enter(*exchange));
  }

  Router router_{page_endpoints()};
};

TEST_F(PagesTest, ServesThePageAndWhatItLoads) {
  for (const std::string_view path : {kDocs, kDocsStyle, kDocsScript, kOpenApi}) {
    const http::Response response = page(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_GT(response.content().size(), 1000u) << path;
  }
}

TEST_F(PagesTest, LoadsNothingFromElsewhere) {
  for (const Asset& asset : assets()) {
    EXPECT_EQ(asset.text.find("http://"), std::string_view::npos) << asset.name;
    EXPECT_EQ(asset.text.find("https://"), std::string_view::npos) << asset.name;
    EXPECT_EQ(asset.text.find("@import"), std::string_view::npos) << asset.name;
  }
}

TEST_F(PagesTest, SparesTheClientACopyItHas) {
  const std::string tag(page(kDocs).stored->head.find("ETag"));
  EXPECT_EQ(page(kDocs, tag).status, 304);
  EXPECT_EQ(page(kDocs, "\"other\"").status, 200);
}

TEST_F(PagesTest, SendsOldAddressesToTheDocs) {
  for (const std::string_view path : {kRedoc, kRoot}) {
    EXPECT_EQ(page(path).status, 307);
    EXPECT_EQ(page(path).headers.find("Location"), "/docs");
  }
}

TEST_F(PagesTest, TheDescriptionNamesExactlyTheRoutesThereAre) {
  const http::Response response = page(kOpenApi);
  const boost::json::value description = boost::json::parse(
      boost::json::string_view(response.content().data(), response.content().size()));
  std::set<std::string> described;
  for (const auto& path : description.at("paths").as_object()) described.emplace(path.key());
  const std::set<std::string> routes(kRoutes.begin(), kRoutes.end() - 1);
  EXPECT_EQ(described, routes);
  EXPECT_EQ(description.at("openapi").as_string(), "3.1.0");
  EXPECT_NE(description.at("info").at("version").as_string(), "@LIQUID_VERSION@");
}

}  // namespace
}  // namespace liquid::api
