#include "cache/request_directives.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace liquid::cache {
namespace {

using std::chrono::seconds;

RequestDirectives parse(std::string_view value) {
  RequestDirectives directives;
  add_cache_control(value, directives);
  return directives;
}

CacheHeaders read(const std::vector<http::HeaderField>& headers) {
  http::Request request;
  request.headers = headers;
  return read_cache_headers(request);
}

TEST(RequestDirectives, KnowsTheFourThatMatter) {
  EXPECT_TRUE(parse("no-cache").no_cache);
  EXPECT_TRUE(parse("no-store").no_store);
  EXPECT_TRUE(parse("only-if-cached").only_if_cached);
  EXPECT_EQ(parse("max-age=60").max_age, seconds(60));
}

TEST(RequestDirectives, ReadsListsInAnyCaseWithBlanks) {
  const RequestDirectives both = parse(" No-Cache ,\tMAX-AGE = 5,, only-if-cached");
  EXPECT_TRUE(both.no_cache);
  EXPECT_TRUE(both.only_if_cached);
  EXPECT_EQ(both.max_age, seconds(5));
}

TEST(RequestDirectives, IgnoresWhatIsUnknownOrMalformed) {
  for (const char* text :
       {"", ",", "max-age", "max-age=", "max-age=abc", "max-age=-1", "max-age=1.5", "max-age=\"7",
        "nocache", "no-cache=x", "x=\"no-store, no-cache\"", "=", "max-age==3", "\"no-store\"",
        "max-age=1 2"}) {
    EXPECT_EQ(parse(text), RequestDirectives{}) << text;
  }
}

TEST(RequestDirectives, TakesQuotedAndHugeNumbers) {
  EXPECT_EQ(parse("max-age=\"9\"").max_age, seconds(9));
  EXPECT_GT(parse("max-age=99999999999999999999999999").max_age, seconds(3'000'000'000));
  EXPECT_GT(parse("max-age=9223372036854775807").max_age, seconds(3'000'000'000));
}

TEST(RequestDirectives, OfSeveralAgesTheSmallestCounts) {
  EXPECT_EQ(parse("max-age=9, max-age=3, max-age=5").max_age, seconds(3));
}

TEST(CacheHeaders, JoinsAllCacheControlLines) {
  const CacheHeaders read_back =
      read({{"cache-control", "no-store"}, {"Host", "x"}, {"CACHE-CONTROL", "max-age=1"}});
  EXPECT_TRUE(read_back.directives.no_store);
  EXPECT_EQ(read_back.directives.max_age, seconds(1));
}

TEST(CacheHeaders, ReadsPragmaOnlyWithoutCacheControl) {
  EXPECT_TRUE(read({{"pragma", " no-cache"}}).directives.no_cache);
  EXPECT_FALSE(read({{"Pragma", "no-cache"}, {"Cache-Control", "max-age=9"}}).directives.no_cache);
  EXPECT_FALSE(read({{"Pragma", "x"}}).directives.no_cache);
}

TEST(CacheHeaders, FindsWhatElseTheCacheLooksAt) {
  const CacheHeaders found =
      read({{"If-None-Match", "\"a\""}, {"content-type", "text/x"}, {"Content-Encoding", "gzip"}});
  EXPECT_EQ(found.if_none_match, "\"a\"");
  EXPECT_EQ(found.content_type, "text/x");
  EXPECT_TRUE(found.has_content_encoding);
  EXPECT_EQ(found.directives, RequestDirectives{});
}

}  // namespace
}  // namespace liquid::cache
