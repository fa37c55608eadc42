#include "cache/clear_log.h"

#include <gtest/gtest.h>

namespace liquid::cache {
namespace {

const std::vector<std::string> kDocuments{"x", "y"};
const ClearSubject kSubject{"acme", "/ask", kDocuments};

TEST(ClearLog, KnowsWhatAClearingWouldHaveDropped) {
  const std::vector<std::pair<ClearRequest, bool>> cases{
      {{}, true},
      {{.tenant = "acme"}, true},
      {{.tenant = "other"}, false},
      {{.route = "/ask"}, true},
      {{.route = "/search"}, false},
      {{.document_id = "y"}, true},
      {{.document_id = "z"}, false},
      {{.tenant = "other", .document_id = "y"}, false},
  };
  for (const auto& [request, expected] : cases) {
    ClearLog log;
    const std::uint64_t mark = log.mark();
    EXPECT_FALSE(log.cleared_since(mark, kSubject));
    log.record(request);
    EXPECT_EQ(log.cleared_since(mark, kSubject), expected);
    EXPECT_FALSE(log.cleared_since(log.mark(), kSubject)) << "what was before does not count";
  }
}

TEST(ClearLog, AnyDocumentMightBeAmongThoseNotKnownYet) {
  ClearLog log;
  log.record({.tenant = "acme", .document_id = "z"});
  EXPECT_TRUE(log.may_be_cleared_since(0, "acme", "/ask"));
  EXPECT_FALSE(log.may_be_cleared_since(0, "other", "/ask"));
}

TEST(ClearLog, SaysYesWhenItCannotRemember) {
  ClearLog log;
  const ClearRequest other{.tenant = "other"};
  for (std::size_t i = 0; i < ClearLog::kRemembered; ++i) log.record(other);
  EXPECT_FALSE(log.cleared_since(0, kSubject));
  log.record(other);
  EXPECT_TRUE(log.cleared_since(0, kSubject));
  EXPECT_FALSE(log.cleared_since(1, kSubject));
}

}  // namespace
}  // namespace liquid::cache
