#include "tracking/artifacts/s3_xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liquid::tracking::artifacts {
namespace {

using testing::ElementsAre;

TEST(S3Xml, ReadsAPartOfAListing) {
  const auto listing = parse_listing(R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
<Contents><Key>a &amp; b</Key><Size>12</Size><Owner><ID>x</ID></Owner></Contents>
<CommonPrefixes><Prefix>sub/</Prefix></CommonPrefixes>
<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>
</ListBucketResult>)");
  ASSERT_TRUE(listing);
  EXPECT_THAT(listing->objects, ElementsAre(S3Object{"a & b", 12}));
  EXPECT_THAT(listing->prefixes, ElementsAre("sub/"));
  EXPECT_EQ(listing->continuation_token, "t");
}

TEST(S3Xml, DecodesKeysThatAreEncoded) {
  const auto listing = parse_listing(
      "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>a+%2B%C3%BC</Key>"
      "<Size>0</Size></Contents></ListBucketResult>");
  EXPECT_THAT(listing.value().objects, ElementsAre(S3Object{"a +ü", 0}));
}

TEST(S3Xml, RefusesWhatIsNoListing) {
  for (const char* bad :
       {"", "text", "<a", "<Other/>", "<ListBucketResult><Contents/></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>1x</Size></Contents></ListBucketResult>",
        "<Error><Code>SlowDown</Code></Error><ListBucketResult/>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}) {
    EXPECT_EQ(parse_listing(bad).error().code, ErrorCode::data_corrupt) << bad;
  }
}

TEST(S3Xml, ReadsUploadIdsAndFaults) {
  EXPECT_EQ(parse_upload_id("<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                            "</InitiateMultipartUploadResult>")
                .value(),
            "u");
  EXPECT_EQ(parse_upload_id("<InitiateMultipartUploadResult/>").error().code,
            ErrorCode::data_corrupt);
  const auto fault = parse_fault("<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>");
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->code, "NoSuchKey");
  EXPECT_EQ(fault->message, "gone");
  EXPECT_FALSE(parse_fault("{}"));
  EXPECT_FALSE(parse_fault("<ListBucketResult/>"));
}

TEST(S3Xml, WritesTheListOfParts) {
  EXPECT_EQ(completion_body({"\"a\"", "\"<b>\""}),
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>\"&lt;b&gt;\"</ETag></Part>"
            "</CompleteMultipartUpload>");
}

}  // namespace
}  // namespace liquid::tracking::artifacts
