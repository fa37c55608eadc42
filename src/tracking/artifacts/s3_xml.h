#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The XML that S3 speaks (API version 2006-03-01): bodies read and written.

namespace liquid::tracking::artifacts {

struct S3Object {
  std::string key;
  std::uint64_t size = 0;
  bool operator==(const S3Object&) const = default;
};

/// One answer of ListObjectsV2.
struct S3Listing {
  std::vector<S3Object> objects;
  std::vector<std::string> prefixes;  ///< What a delimiter cut off, with the delimiter.
  std::string continuation_token;     ///< Empty: this was the last part.
};

/// Keys must have been asked for with encoding-type=url where the answer says so. Errors:
/// data_corrupt.
Result<S3Listing> parse_listing(std::string_view xml);

/// The upload id of CreateMultipartUpload. Errors: data_corrupt.
Result<std::string> parse_upload_id(std::string_view xml);

struct S3Fault {
  std::string code;
  std::string message;
};
/// An <Error> document; nothing when it is something else. S3 sends them with status 200 too, when
/// completing an upload fails late.
std::optional<S3Fault> parse_fault(std::string_view xml);

/// The body of CompleteMultipartUpload: the parts' ETags, in order.
std::string completion_body(const std::vector<std::string>& etags);

}  // namespace liquid::tracking::artifacts
