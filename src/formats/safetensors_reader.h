#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/safetensors.h"

namespace liquid::formats {

class MappedFile;

/// A tensor where it lies in a mapped file; valid as long as the file object lives. The format does
/// not promise alignment: read numbers by `std::memcpy` or `widen_to_f32` (formats/numbers.h).
struct TensorView {
  const TensorEntry* entry = nullptr;
  std::span<const std::byte> bytes;
};

/// One safetensors file, mapped into memory: pages are read when they are touched, and the kernel
/// may drop them again. Safe to read from any thread; moving it keeps all views valid.
class SafetensorsFile {
 public:
  /// Errors, which name the file: those of `read_safetensors_header`.
  static Result<SafetensorsFile> open(const std::filesystem::path& file);
  SafetensorsFile(SafetensorsFile&&) noexcept;
  SafetensorsFile& operator=(SafetensorsFile&&) noexcept;
  ~SafetensorsFile();

  const std::filesystem::path& path() const { return path_; }
  /// In the order of their bytes.
  const std::vector<TensorEntry>& tensors() const { return header_.tensors; }
  const std::vector<std::pair<std::string, std::string>>& metadata() const {
    return header_.metadata;
  }

  /// Errors: not_found, which names the file and the tensor.
  Result<TensorView> tensor(std::string_view name) const;
  bool contains(std::string_view name) const { return by_name_.contains(name); }

  /// Lets the kernel forget the pages of this tensor; the next touch reads them again. Keeps memory
  /// bounded for who goes through a large file once.
  void forget(const TensorView& view) const;

 private:
  SafetensorsFile(std::filesystem::path path, SafetensorsImage image,
                  std::unique_ptr<MappedFile> mapping);

  std::filesystem::path path_;
  SafetensorsHeader header_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::unique_ptr<MappedFile> mapping_;
  std::uint64_t data_at_ = 0;
};

/// The tensors of a model folder: `<stem>.safetensors`, or the shards that
/// `<stem>.safetensors.index.json` lists. The single file wins, as in transformers.
class TensorFolder {
 public:
  /// Errors: not_found (neither file; a shard of the index), data_corrupt (a shard lacks a tensor
  /// the index places there, a tensor lies in two shards, a shard name leaves the folder),
  /// and those of `SafetensorsFile::open`.
  static Result<TensorFolder> open(const std::filesystem::path& folder,
                                   std::string_view stem = "model");

  const std::filesystem::path& folder() const { return folder_; }
  /// All tensors, sorted by name. `begin` and `end` are relative to their own file.
  const std::vector<TensorEntry>& tensors() const { return tensors_; }
  const std::vector<SafetensorsFile>& files() const { return files_; }

  /// Errors: not_found, which names folder and tensor.
  Result<TensorView> tensor(std::string_view name) const;
  bool contains(std::string_view name) const { return file_of_.contains(name); }
  void forget(const TensorView& view) const;
  std::uint64_t total_bytes() const;

 private:
  TensorFolder() = default;
  Result<void> adopt(SafetensorsFile file);
  Result<void> adopt_shards(const std::filesystem::path& index);

  std::filesystem::path folder_;
  std::vector<SafetensorsFile> files_;
  std::vector<TensorEntry> tensors_;
  std::map<std::string, std::size_t, std::less<>> file_of_;
};

}  // namespace liquid::formats
