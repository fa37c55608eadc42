#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace liquid::formats {

/// One tensor of a safetensors file. `begin` and `end` count bytes from the end of the header.
struct TensorEntry {
  std::string name;
  std::string dtype;  ///< "BF16", "F32", …
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool operator==(const TensorEntry&) const = default;
};

/// Tensors in the order of their bytes; together they fill the file without gaps.
struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;
  std::vector<std::pair<std::string, std::string>> metadata;
};

/// Checks the header's JSON against the number of bytes that follow it. Errors: data_corrupt.
Result<SafetensorsHeader> parse_safetensors_header(std::string_view json, std::uint64_t data_bytes);

/// The header of a file that lies in memory whole, and where its tensors begin.
struct SafetensorsImage {
  SafetensorsHeader header;
  std::uint64_t data_at = 0;
};

/// Errors: data_corrupt (cut short, or no safetensors file at all).
Result<SafetensorsImage> parse_safetensors(std::span<const std::byte> file);

/// Reads the header of a file, not its tensors. Errors, which name the file: not_found,
/// permission_denied, unavailable, data_corrupt (cut short, or no safetensors file at all).
Result<SafetensorsHeader> read_safetensors_header(const std::filesystem::path& file);

}  // namespace liquid::formats
