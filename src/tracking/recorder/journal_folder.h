#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/recorder/journal_documents.h"

namespace liquid::tracking::recorder {

/// The folder of one run's journal, held by one process:
///
///   <journal folder>/<journal id>/lock          flock'ed by whoever writes or delivers
///                                 run           what is recorded where
///                                 state         what has been delivered
///                                 0000000001.seg …
///                                 last_word     how the process ended, if it could say so
///                                 text-<n>      texts on their way to becoming artifacts
///   <journal folder>/<journal id>.refused       one JSON line per entry the store would not take,
///                                               and per damage of a file
///   <journal folder>/<journal id>.damaged-<file>      a damaged file, as it was
///
/// The kernel lets go of the lock when its holder dies in whatever way; children that are forked
/// without exec share it. Not safe for several threads, except `path` and the paths.
class JournalFolder {
 public:
  /// Makes the folder and takes it; only its owner may read it. Errors: permission_denied,
  /// unavailable.
  static Result<std::unique_ptr<JournalFolder>> create(const std::filesystem::path& parent,
                                                       const RunPlan& plan);
  /// Takes the journal of a process that has ended. Errors: conflict (its process lives, or
  /// somebody else delivers it), not_found (it has just been delivered), data_corrupt.
  static Result<std::unique_ptr<JournalFolder>> take_over(const std::filesystem::path& folder);
  ~JournalFolder();
  JournalFolder(const JournalFolder&) = delete;
  JournalFolder& operator=(const JournalFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  const RunPlan& plan() const { return plan_; }
  std::filesystem::path segment_path(std::uint64_t number) const;
  std::filesystem::path last_word_path() const { return path_ / "last_word"; }
  std::filesystem::path refused_path() const;

  /// The initial state when none has been saved. Errors: data_corrupt.
  Result<DeliveryState> load_state() const;
  Result<void> save_state(const DeliveryState& state) const;

  /// Numbers of the segments that are there, ascending.
  std::vector<std::uint64_t> segments() const;
  /// Returns the bytes that were freed.
  std::uint64_t remove_segments_before(std::uint64_t number) const;
  Result<void> append_refused(std::string_view lines) const;
  /// Sees that the file outlives the journal, for whoever knows how to read more of it.
  void keep_damaged(const std::string& file) const;
  /// Everything of it is delivered.
  Result<void> remove();

 private:
  JournalFolder(std::filesystem::path path, int lock, RunPlan plan);

  std::filesystem::path path_;
  int lock_ = -1;
  RunPlan plan_;
};

/// Folders below `parent` that are journals, by name, which is by time; nothing when it is missing.
std::vector<std::filesystem::path> journals_in(const std::filesystem::path& parent);

/// Without taking it. Errors: not_found, data_corrupt.
Result<RunPlan> read_run_plan(const std::filesystem::path& folder);
Result<DeliveryState> read_delivery_state(const std::filesystem::path& folder);
std::vector<std::uint64_t> segments_in(const std::filesystem::path& folder);
std::filesystem::path segment_path(const std::filesystem::path& folder, std::uint64_t number);

}  // namespace liquid::tracking::recorder
