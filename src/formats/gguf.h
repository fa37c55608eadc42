#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace liquid::formats {

class MappedFile;

/// Types of tensors, with ggml's numbers. Files may hold others; those keep their number.
enum class GgufTensorType : std::uint32_t { f32 = 0, f16 = 1, q8_0 = 8, bf16 = 30 };

/// "F32", "F16", "BF16", "Q8_0", or ggml's name or number of another type.
std::string gguf_type_name(GgufTensorType type);

struct GgufArray;

/// The order of the alternatives is the format's own numbering of value types.
using GgufValue = std::variant<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t,
                               std::uint32_t, std::int32_t, float, bool, std::string, GgufArray,
                               std::uint64_t, std::int64_t, double>;

struct GgufArray {
  std::variant<std::vector<std::uint8_t>, std::vector<std::int8_t>, std::vector<std::uint16_t>,
               std::vector<std::int16_t>, std::vector<std::uint32_t>, std::vector<std::int32_t>,
               std::vector<float>, std::vector<bool>, std::vector<std::string>,
               std::vector<GgufArray>, std::vector<std::uint64_t>, std::vector<std::int64_t>,
               std::vector<double>>
      items;
  bool operator==(const GgufArray&) const;
};

/// Keys in the file's order.
using GgufMetadata = std::vector<std::pair<std::string, GgufValue>>;

/// `shape` is row-major as everywhere in this project: the reverse of ggml's `ne`.
struct GgufTensor {
  std::string name;
  GgufTensorType type = GgufTensorType::f32;
  std::vector<std::uint64_t> shape;
  std::uint64_t offset = 0;  ///< from the start of the data
  std::uint64_t bytes = 0;
  bool operator==(const GgufTensor&) const = default;
};

struct GgufHeader {
  GgufMetadata metadata;
  std::vector<GgufTensor> tensors;
  std::uint32_t alignment = 32;
  std::uint64_t data_at = 0;  ///< place of the data in the file
};

/// Reads everything but the tensors' values and checks that they lie inside the file. Versions 2
/// and 3, little-endian. Errors: data_corrupt, unsupported (another version, big-endian, a tensor
/// type of unknown size).
Result<GgufHeader> parse_gguf(std::span<const std::byte> file);

/// A GGUF file mapped into memory; safe to read from any thread.
class GgufFile {
 public:
  /// Errors, naming the file: not_found, permission_denied, unavailable, those of `parse_gguf`.
  static Result<GgufFile> open(const std::filesystem::path& file);
  GgufFile(GgufFile&&) noexcept;
  GgufFile& operator=(GgufFile&&) noexcept;
  ~GgufFile();

  const std::filesystem::path& path() const { return path_; }
  const GgufMetadata& metadata() const { return header_.metadata; }
  const GgufValue* find(std::string_view key) const;
  const std::vector<GgufTensor>& tensors() const { return header_.tensors; }
  const GgufTensor* find_tensor(std::string_view name) const;
  /// Valid as long as this object lives.
  std::span<const std::byte> bytes(const GgufTensor& tensor) const;
  /// Errors: unsupported (a type other than the four of `GgufTensorType`).
  Result<std::vector<float>> values(const GgufTensor& tensor) const;

 private:
  GgufFile(std::filesystem::path path, GgufHeader header, std::unique_ptr<MappedFile> mapping);
  std::filesystem::path path_;
  GgufHeader header_;
  std::unique_ptr<MappedFile> mapping_;
};

/// A tensor that will be written; Q8_0 needs a last dimension that is a multiple of 32.
struct GgufTensorPlan {
  std::string name;
  GgufTensorType type = GgufTensorType::f32;
  std::vector<std::uint64_t> shape;
};

/// Writes a GGUF version 3 beside its final place, tensor by tensor; `finish` fsyncs and renames.
/// Memory does not grow with the tensors. One thread at a time.
class GgufWriter {
 public:
  /// Errors: invalid_argument (a key or name twice, a shape the type cannot hold), not_found
  /// (folder), permission_denied, unavailable, naming the file.
  static Result<GgufWriter> create(const std::filesystem::path& file, const GgufMetadata& metadata,
                                   const std::vector<GgufTensorPlan>& tensors);
  GgufWriter(GgufWriter&&) noexcept;
  GgufWriter& operator=(GgufWriter&&) noexcept;
  ~GgufWriter();

  /// Appends bytes that are in the tensor's type already.
  Result<void> write(std::string_view name, std::span<const std::byte> bytes);
  /// Appends values, converted to the tensor's type; for Q8_0 a multiple of 32 at a time.
  Result<void> write_values(std::string_view name, std::span<const float> values);
  /// Errors: invalid_state (a tensor is not complete; it is named), unavailable.
  Result<void> finish();

 private:
  struct State;
  explicit GgufWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace liquid::formats
