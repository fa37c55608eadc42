// Bytes → an artifact URI and an artifact path: neither leads out of its root, decoded or not.
#include "tracking/artifacts/artifact_path.h"
#include "tracking/artifacts/artifact_uri.h"
#include "tracking/text_coding.h"

using namespace liquid::tracking::artifacts;

namespace {

void must_stay_inside(const std::string& path) {
  if (("/" + path + "/").find("/../") != std::string::npos) __builtin_trap();
  if (path.find('\0') != std::string::npos) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (check_path(text)) must_stay_inside(text);
  if (liquid::tracking::percent_decoded(encode_path(text)) != text ||
      liquid::tracking::percent_decoded(liquid::tracking::percent_encoded(text)) != text)
    __builtin_trap();
  const auto root = parse_artifact_uri(text, "http://host:5000/prefix");
  const auto* proxy = root ? std::get_if<ProxyRoot>(&*root) : nullptr;
  if (proxy != nullptr) must_stay_inside(decode_fully(proxy->path));
  return 0;
}
