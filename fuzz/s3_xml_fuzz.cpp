// Bytes → what S3 answers: a listing, an upload's id, a fault.
#include "tracking/artifacts/s3_xml.h"

using namespace liquid::tracking::artifacts;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto listing = parse_listing(text);
  if (!listing && listing.error().code != liquid::ErrorCode::data_corrupt) __builtin_trap();
  const auto id = parse_upload_id(text);
  if (id && id->empty()) __builtin_trap();
  const auto fault = parse_fault(text);
  if (listing && fault) __builtin_trap();  // one document has one root
  return 0;
}
