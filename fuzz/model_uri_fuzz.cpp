#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tracking/models/model_uri.h"

using namespace liquid::tracking;

// Any bytes as the URI of a model: an error, or something whose usual spelling means the same, and
// whose path, if it has one, goes down only.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto uri = parse_model_uri(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!uri) return 0;
  const std::string text = model_uri_text(*uri);
  const auto again = parse_model_uri(text);
  if (!again || again->index() != uri->index() || model_uri_text(*again) != text) std::abort();
  if (const auto* run = std::get_if<RunArtifact>(&*uri)) {
    const std::string guarded = "/" + run->path + "/";
    if (guarded.find("/../") != std::string::npos || guarded.find("/./") != std::string::npos) {
      std::abort();
    }
  }
  return 0;
}
