#include "cache/alias_table.h"

#include <gtest/gtest.h>

#include <string>

#include "base/digest.h"

namespace liquid::cache {
namespace {

std::uint64_t constant_hash(std::string_view, std::uint64_t) { return 5; }

class AliasTableTest : public testing::TestWithParam<KeyHash> {
 protected:
  std::shared_ptr<const Key> find(const RawRequest& request) {
    return table_.find(request, table_.hash(request));
  }
  std::shared_ptr<const Key> insert(const RawRequest& request) {
    auto key = std::make_shared<const Key>(
        Key::Parts{.tenant = request.tenant, .route = request.route, .canonical = "{}"}, hashing_);
    table_.insert(request, table_.hash(request), key);
    return key;
  }

  Key::Hashing hashing_{GetParam(), 3};
  AliasTable table_{hashing_};
  RawRequest request_{"acme", "/ask", "application/json", R"({ "question": "why" })"};
};

TEST_P(AliasTableTest, FindsTheVerySameBytes) {
  const auto key = insert(request_);
  EXPECT_EQ(find(request_), key);
}

TEST_P(AliasTableTest, EveryPartCounts) {
  insert(request_);
  for (auto part :
       {&RawRequest::tenant, &RawRequest::route, &RawRequest::content_type, &RawRequest::body}) {
    RawRequest other = request_;
    other.*part = "different";
    EXPECT_EQ(find(other), nullptr);
  }
  // The border between content type and body moves.
  EXPECT_EQ(find({"acme", "/ask", "application/json{", R"( "question": "why" })"}), nullptr);
}

TEST_P(AliasTableTest, DoesNotRememberLongRequests) {
  const std::string body(AliasTable::kMaxBytes, 'x');
  request_.body = body;
  insert(request_);
  EXPECT_EQ(find(request_), nullptr);
}

TEST_P(AliasTableTest, ForgetsInsteadOfGrowing) {
  int found = 0;
  const int offered = 3 * AliasTable::kSets * AliasTable::kWays;
  for (int i = 0; i < offered; ++i) {
    const std::string body = std::to_string(i);
    request_.body = body;
    insert(request_);
  }
  for (int i = 0; i < offered; ++i) {
    const std::string body = std::to_string(i);
    request_.body = body;
    if (find(request_)) ++found;
  }
  EXPECT_GT(found, 0);
  EXPECT_LE(found, static_cast<int>(AliasTable::kSets * AliasTable::kWays));
}

TEST_P(AliasTableTest, ClearForgetsEverything) {
  insert(request_);
  table_.clear();
  EXPECT_EQ(find(request_), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Hashes, AliasTableTest, testing::Values(&hash64, &constant_hash));

}  // namespace
}  // namespace liquid::cache
