#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.h"

namespace liquid::search {

/// Eight bytes in a file mapped by every process that has the index open: the number of the last
/// commit. Only a hint to look into the database, where the truth stands. Reading costs one load.
class GenerationFile {
 public:
  /// For the writer; makes the file when it is not there. Errors: permission_denied, unavailable.
  static Result<GenerationFile> create(const std::filesystem::path& path);
  /// For readers. Errors: not_found, permission_denied, unavailable, data_corrupt (too short).
  static Result<GenerationFile> open(const std::filesystem::path& path);

  std::uint64_t load() const { return counter_->load(std::memory_order_acquire); }
  /// Only after `create`.
  void store(std::uint64_t generation) { counter_->store(generation, std::memory_order_release); }

 private:
  using Counter = std::atomic<std::uint64_t>;
  static_assert(Counter::is_always_lock_free && sizeof(Counter) == 8);
  enum class Access { read, write };
  struct Unmap {
    void operator()(Counter* counter) const;
  };
  explicit GenerationFile(Counter* counter) : counter_(counter) {}
  static Result<GenerationFile> map(int descriptor, const std::filesystem::path& path,
                                    Access access);

  std::unique_ptr<Counter, Unmap> counter_;
};

}  // namespace liquid::search
