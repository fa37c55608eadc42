#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

// Files of this machine that are sent, or written and then put in place. Errors name the path:
// not_found, permission_denied, resource_exhausted (disk full, quota), invalid_argument (no regular
// file, name too long), unavailable (the rest).

namespace liquid::tracking::artifacts {

/// The error of the last system call that failed.
Error system_error(const std::filesystem::path& path, std::string_view doing);

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return number_; }
  bool open() const { return number_ >= 0; }

 private:
  int number_;
};

/// A regular file that is being sent. Any thread may read.
class SourceFile {
 public:
  static Result<SourceFile> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  /// As it was when it was opened.
  std::uint64_t size() const { return size_; }
  /// Fills `space` as far as it goes from `offset` on. conflict when the file has become shorter.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> space) const;

 private:
  SourceFile(std::filesystem::path path, Descriptor file, std::uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}

  std::filesystem::path path_;
  Descriptor file_;
  std::uint64_t size_;
};

/// A file that is written under a hidden name beside its own and takes that when it is complete.
/// The hidden file goes when the object does, unless `keep` was called.
class PendingFile {
 public:
  /// Under a name nobody else uses; makes the folders above `path`.
  static Result<PendingFile> create(const std::filesystem::path& path);
  /// Under a name made from `path`, with what is there already. conflict while somebody else has it
  /// open.
  static Result<PendingFile> take_up(const std::filesystem::path& path);
  ~PendingFile();
  PendingFile(PendingFile&& other) noexcept;
  PendingFile& operator=(PendingFile&&) = delete;

  const std::filesystem::path& path() const { return path_; }
  const std::filesystem::path& hidden_path() const { return hidden_; }
  Result<std::uint64_t> size() const;
  /// Any thread.
  Result<void> write_at(std::uint64_t offset, std::string_view bytes);
  /// Cuts it, or makes it longer by zeros.
  Result<void> resize(std::uint64_t size);
  Result<void> sync();
  /// Syncs, takes the place of `path`, syncs the folder. invalid_argument when `path` is a folder.
  Result<void> publish();
  void keep() { keep_ = true; }

 private:
  PendingFile(std::filesystem::path path, std::filesystem::path hidden, Descriptor file)
      : path_(std::move(path)), hidden_(std::move(hidden)), file_(std::move(file)) {}

  std::filesystem::path path_;
  std::filesystem::path hidden_;
  Descriptor file_;
  bool keep_ = false;
};

/// How hidden names begin; MLflow's own local store leaves such files out of its listings too.
inline constexpr std::string_view kHiddenPrefix = ".artifact.uploading.";

Result<void> make_folders(const std::filesystem::path& folder);

}  // namespace liquid::tracking::artifacts
