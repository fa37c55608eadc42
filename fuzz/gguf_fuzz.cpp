#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "formats/gguf.h"

using namespace liquid::formats;

// Any bytes as a GGUF file: an error, or tensors that lie inside it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const liquid::Result<GgufHeader> header = parse_gguf(std::as_bytes(std::span(data, size)));
  if (!header) return 0;
  for (const GgufTensor& tensor : header->tensors) {
    const std::uint64_t room = size - std::min<std::uint64_t>(size, header->data_at);
    if (tensor.offset > room || tensor.bytes > room - tensor.offset) std::abort();
    if (tensor.offset % header->alignment != 0) std::abort();
  }
  return 0;
}
