#include "tracking/artifacts/s3_xml.h"

#include <charconv>
#include <pugixml.hpp>

#include "tracking/artifacts/artifact_path.h"
#include "tracking/text_coding.h"

// listing = <ListBucketResult> [ <EncodingType>url</EncodingType> ]
//             <IsTruncated>true|false</IsTruncated> [ <NextContinuationToken> ]
//             *( <Contents> <Key> <Size> … </Contents> )
//             *( <CommonPrefixes> <Prefix> </CommonPrefixes> ) …
// created = <InitiateMultipartUploadResult> <UploadId> …
// fault   = <Error> <Code> [ <Message> ] …
// Elements come in any order, in any namespace; unknown ones mean nothing.

namespace liquid::tracking::artifacts {
namespace {

Error corrupt(std::string_view what) {
  return Error{ErrorCode::data_corrupt, "S3's answer: " + std::string(what)};
}

// The root element; null when the text is no XML, the root is another, or there are several.
pugi::xml_node root_named(pugi::xml_document& document, std::string_view xml, const char* name) {
  const pugi::xml_parse_result parsed =
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  const pugi::xml_node root = parsed ? document.document_element() : pugi::xml_node();
  for (pugi::xml_node other = root.next_sibling(); other; other = other.next_sibling()) {
    if (other.type() == pugi::node_element) return {};
  }
  return std::string_view(root.name()) == name ? root : pugi::xml_node();
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// encoding-type=url is a form's encoding: '+' is a blank.
std::string plain_key(const char* text, bool url_encoded) {
  std::string key(text);
  if (!url_encoded) return key;
  for (char& c : key) {
    if (c == '+') c = ' ';
  }
  return percent_decoded(key);
}

}  // namespace

Result<S3Listing> parse_listing(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = root_named(document, xml, "ListBucketResult");
  if (!root) return corrupt("expected <ListBucketResult>");
  const bool encoded = std::string_view(root.child_value("EncodingType")) == "url";
  S3Listing listing;
  for (const pugi::xml_node entry : root.children("Contents")) {
    const auto size = number_of(entry.child_value("Size"));
    if (!entry.child("Key") || !size) return corrupt("<Contents> without <Key> and <Size>");
    listing.objects.push_back({.key = plain_key(entry.child_value("Key"), encoded), .size = *size});
  }
  for (const pugi::xml_node entry : root.children("CommonPrefixes")) {
    listing.prefixes.push_back(plain_key(entry.child_value("Prefix"), encoded));
  }
  if (std::string_view(root.child_value("IsTruncated")) == "true") {
    listing.continuation_token = root.child_value("NextContinuationToken");
    if (listing.continuation_token.empty()) return corrupt("cut off without a continuation token");
  }
  return listing;
}

Result<std::string> parse_upload_id(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = root_named(document, xml, "InitiateMultipartUploadResult");
  std::string id = root.child_value("UploadId");
  if (id.empty()) return corrupt("expected <InitiateMultipartUploadResult> with <UploadId>");
  return id;
}

std::optional<S3Fault> parse_fault(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = root_named(document, xml, "Error");
  if (!root) return std::nullopt;
  return S3Fault{.code = root.child_value("Code"), .message = root.child_value("Message")};
}

std::string completion_body(const std::vector<std::string>& etags) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("CompleteMultipartUpload");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    pugi::xml_node part = root.append_child("Part");
    part.append_child("PartNumber").text() = static_cast<unsigned long long>(i) + 1;
    part.append_child("ETag").text() = etags[i].c_str();
  }
  struct Text final : pugi::xml_writer {
    std::string written;
    void write(const void* data, std::size_t size) override {
      written.append(static_cast<const char*>(data), size);
    }
  } text;
  document.save(text, "", pugi::format_raw | pugi::format_no_declaration);
  return std::move(text.written);
}

}  // namespace liquid::tracking::artifacts
