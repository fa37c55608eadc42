#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace liquid::api {

/// Lines to a file, written by a thread of its own: `write` never waits for the disk or the reader
/// of a pipe. When more than `kMaxPending` bytes wait, new lines are dropped and counted.
class LineWriter {
 public:
  static constexpr std::size_t kMaxPending = std::size_t{4} * 1024 * 1024;

  /// Appends to the file, making it when needed. Errors: not_found, permission_denied, unavailable.
  static Result<std::unique_ptr<LineWriter>> open(const std::filesystem::path& path);

  enum class Ownership { borrowed, owned };
  /// Writes to `descriptor`; closes it at the end when it is owned.
  LineWriter(int descriptor, Ownership ownership);
  /// Writes what waits; gives up when the other end takes nothing for a second.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// `line` without its line feed. Costs a lock and a copy.
  void write(std::string_view line);
  /// Returns when everything handed over before has been written (or given up).
  void flush();
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void run();
  void put(std::string_view bytes);

  const int descriptor_;
  const Ownership ownership_;
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string pending_;         // guarded by mutex_
  bool wanted_now_ = false;     // guarded by mutex_; somebody waits in flush, or much is pending
  std::uint64_t accepted_ = 0;  // guarded by mutex_; bytes handed over
  std::uint64_t finished_ = 0;  // guarded by mutex_; bytes written or given up
  std::thread thread_;
};

}  // namespace liquid::api
