#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "tracking/artifacts/files.h"

namespace liquid::tracking::artifacts {

/// What a download is a copy of. Bytes of equal origins may be put together.
struct Origin {
  std::string source;  ///< URL without secrets.
  std::string etag;    ///< Strong entity tag with its quotes; empty when there is none.
  std::optional<std::uint64_t> total;
  bool operator==(const Origin&) const = default;
};

/// A file on its way to this machine. What has arrived outlives the process when it is large and
/// its origin can be recognised: a note beside the hidden file says how far it is known to be on
/// disk.
class PartialFile {
 public:
  static Result<PartialFile> open(const std::filesystem::path& path, const std::string& source);
  ~PartialFile();
  PartialFile(PartialFile&&) = default;
  PartialFile& operator=(PartialFile&&) = delete;

  const Origin& origin() const { return origin_; }
  std::uint64_t size() const { return size_; }
  const std::filesystem::path& hidden_path() const { return file_.hidden_path(); }
  /// Drops what is there: it is to become a copy of `origin`.
  Result<void> restart(Origin origin);
  Result<void> append(std::string_view bytes);
  Result<void> publish();

 private:
  /// Whether the hidden file has a name that a later download will look for.
  enum class Name { known, own };
  PartialFile(PendingFile file, std::string source, Name name)
      : file_(std::move(file)), name_(name) {
    origin_.source = std::move(source);
  }
  void take_up();
  bool worth_keeping() const;
  Result<void> note();
  void forget_note();
  std::filesystem::path note_path() const;

  PendingFile file_;
  Name name_;
  bool done_ = false;
  bool noted_ = false;
  Origin origin_;
  std::uint64_t size_ = 0;
  std::uint64_t noted_size_ = 0;
};

}  // namespace liquid::tracking::artifacts
