#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "formats/gguf.h"

namespace liquid::formats {

/// How ggml stores a type: `values` numbers make `bytes` bytes.
struct GgufBlock {
  std::uint64_t values = 1;
  std::uint64_t bytes = 0;
};

/// Nothing for a number that no ggml type has (or had).
std::optional<GgufBlock> gguf_block(GgufTensorType type);

/// Bytes of a row-major tensor. Errors: unsupported (unknown type), invalid_argument (last
/// dimension no multiple of the block, product too large).
Result<std::uint64_t> gguf_bytes(GgufTensorType type, std::span<const std::uint64_t> shape);

}  // namespace liquid::formats
