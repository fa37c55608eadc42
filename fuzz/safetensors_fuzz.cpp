#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/safetensors.h"

using namespace liquid::formats;

// Any bytes as the header of a safetensors file in front of 64 bytes: an error, or tensors that
// fill those bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kDataBytes = 64;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const liquid::Result<SafetensorsHeader> header = parse_safetensors_header(text, kDataBytes);
  if (!header) return 0;
  std::uint64_t at = 0;
  for (const TensorEntry& tensor : header->tensors) {
    if (tensor.begin != at || tensor.end < at) std::abort();
    at = tensor.end;
  }
  if (at != kDataBytes) std::abort();
  return 0;
}
