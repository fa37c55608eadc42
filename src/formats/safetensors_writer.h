#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace liquid::formats {

class StreamedFile;

/// A tensor that will be written. `dtype` is the format's name: "F32", "BF16", "F16", "I64", "U8",
/// …
struct TensorPlan {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  bool operator==(const TensorPlan&) const = default;
};

using TensorMetadata = std::vector<std::pair<std::string, std::string>>;

/// What transformers and PEFT expect to find in the header.
inline const TensorMetadata kTorchMetadata{{"format", "pt"}};

/// Writes one safetensors file, tensor by tensor, beside its final place; `finish` fsyncs and
/// renames, so a reader sees the old file or the whole new one. Without `finish` nothing stays.
/// Tensors may come in any order and in pieces. One thread at a time.
class SafetensorsWriter {
 public:
  /// Writes the header. Errors: invalid_argument (unknown dtype, a name twice), not_found (folder),
  /// permission_denied, unavailable (disk full and the like), all naming the file.
  static Result<SafetensorsWriter> create(const std::filesystem::path& file,
                                          std::vector<TensorPlan> tensors,
                                          const TensorMetadata& metadata = kTorchMetadata);
  SafetensorsWriter(SafetensorsWriter&&) noexcept;
  SafetensorsWriter& operator=(SafetensorsWriter&&) noexcept;
  ~SafetensorsWriter();

  /// Appends the next bytes (little-endian, row-major) of this tensor. Errors: not_found (no such
  /// tensor in the plan), invalid_argument (more bytes than it has), unavailable.
  Result<void> write(std::string_view name, std::span<const std::byte> bytes);

  /// Errors: invalid_state (a tensor is not complete; it is named), unavailable.
  Result<void> finish();

 private:
  struct State;
  explicit SafetensorsWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// `<stem>.safetensors` when all fits into `max_shard_bytes`, otherwise
/// `<stem>-00001-of-0000N.safetensors` … and `<stem>.safetensors.index.json`; a tensor is never
/// cut. `finish` puts the files into place and removes the form that was there before.
struct ShardOptions {
  std::string stem = "model";
  std::uint64_t max_shard_bytes = 5'000'000'000;
  TensorMetadata metadata = kTorchMetadata;
};

class TensorFolderWriter {
 public:
  static Result<TensorFolderWriter> create(const std::filesystem::path& folder,
                                           std::vector<TensorPlan> tensors,
                                           ShardOptions options = {});
  TensorFolderWriter(TensorFolderWriter&&) noexcept;
  TensorFolderWriter& operator=(TensorFolderWriter&&) noexcept;
  ~TensorFolderWriter();

  Result<void> write(std::string_view name, std::span<const std::byte> bytes);
  Result<void> finish();

 private:
  struct State;
  explicit TensorFolderWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace liquid::formats
