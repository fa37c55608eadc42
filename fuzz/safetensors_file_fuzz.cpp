#include <cstdint>
#include <cstdlib>
#include <vector>

#include "formats/numbers.h"
#include "formats/safetensors.h"

using namespace liquid::formats;

// Any bytes as a whole safetensors file: an error, or tensors inside it whose numbers can be read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const liquid::Result<SafetensorsImage> image = parse_safetensors(bytes);
  if (!image) return 0;
  for (const TensorEntry& tensor : image->header.tensors) {
    if (tensor.end > size - image->data_at) std::abort();
    const auto part = bytes.subspan(image->data_at + tensor.begin, tensor.end - tensor.begin);
    std::vector<float> values(part.size() * 8 / *dtype_bits(tensor.dtype));
    if (!widen_to_f32(tensor.dtype, part, values)) continue;
    std::vector<std::byte> half(values.size() * 2);
    if (!narrow_from_f32(values, "BF16", half)) std::abort();
  }
  return 0;
}
