#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <variant>
#include <vector>

#include "base/worker_pool.h"
#include "corpus/document.h"
#include "ingest/sources.h"

namespace liquid::ingest {

/// A document read and cut, ready for the index.
struct Ready {
  corpus::Document document;  ///< Without its blocks.
  std::vector<corpus::Chunk> chunks;
};
/// A document whose bytes are those in the index.
struct Unchanged {
  corpus::DocumentId id;
};
enum class Completeness { whole, partial };
/// The last thing read from a file.
struct FileEnd {
  Completeness completeness = Completeness::whole;
};
using Piece = std::variant<Ready, Unchanged, Failure, FileEnd>;

/// Reads files on several threads and hands their pieces out in the order of the list.
///
/// Invariants: the pieces of a file end with exactly one FileEnd; what waits to be taken stays
/// below a budget of bytes, only the file that is being taken may exceed it (so no reader waits for
/// ever).
class Reading {
 public:
  /// Called on a reader thread for each file, in any order; pushes everything but the FileEnd.
  using Push = std::function<void(Piece)>;
  using ReadFile = std::function<Completeness(const SourceFile& file, const Push& push)>;

  /// `files` are borrowed. A stop request ends `take` at once.
  Reading(const std::vector<SourceFile>& files, ReadFile read, std::size_t threads,
          std::stop_token stop);
  /// Waits for the readers; what they still push is dropped.
  ~Reading();
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  enum class Status { piece, waited, end, stopped };
  struct Taken {
    Status status = Status::end;
    std::size_t file = 0;  ///< Index into the list.
    Piece piece;
  };
  /// The next piece; `waited` when none has come within `patience`.
  Taken take(std::chrono::milliseconds patience);

 private:
  void run_reader();
  void push(std::size_t file, Piece piece);

  const std::vector<SourceFile>& files_;
  const ReadFile read_;
  const std::stop_token stop_;
  std::mutex mutex_;
  std::condition_variable_any pushed_;
  std::condition_variable_any taken_;
  std::map<std::size_t, std::deque<Piece>> waiting_;  // by file; guarded by mutex_
  std::size_t waiting_bytes_ = 0;                     // guarded by mutex_
  std::size_t next_to_read_ = 0;                      // guarded by mutex_
  std::size_t next_to_take_ = 0;                      // guarded by mutex_
  bool dropping_ = false;                             // guarded by mutex_
  WorkerPool readers_;
};

}  // namespace liquid::ingest
