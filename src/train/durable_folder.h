#pragma once

#include <filesystem>

#include "base/result.h"

namespace liquid::train {

/// A folder that appears as a whole: it is filled under a hidden name beside its place, and
/// `commit` makes it durable and renames it. If there is a folder in that place, the two change
/// places in one atomic step and the old one is removed. Without `commit` nothing stays. A
/// resource.
class DurableFolder {
 public:
  /// Makes the hidden folder (and the parents); what an earlier attempt left there is removed.
  /// Errors: permission_denied, unavailable; they name the folder.
  static Result<DurableFolder> create(std::filesystem::path place);
  DurableFolder(DurableFolder&& other) noexcept;
  DurableFolder& operator=(DurableFolder&&) = delete;
  ~DurableFolder();

  /// Where the files are written until `commit`.
  const std::filesystem::path& path() const { return aside_; }

  /// Errors: unavailable (disk full and the like).
  Result<void> commit();

  /// Removes a folder in two steps, rename and delete, so that none with its name is ever half
  /// there.
  static Result<void> remove(const std::filesystem::path& folder);
  /// Removes what killed processes left in `parent`.
  static Result<void> remove_leftovers(const std::filesystem::path& parent);

 private:
  DurableFolder(std::filesystem::path place, std::filesystem::path aside);

  std::filesystem::path place_;
  std::filesystem::path aside_;  ///< empty: nothing to remove
};

}  // namespace liquid::train
