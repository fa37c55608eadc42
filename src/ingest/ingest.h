#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "corpus/byte_source.h"
#include "corpus/chunker.h"
#include "ingest/sources.h"
#include "search/chunk_index.h"

namespace liquid::ingest {

enum class Vanished { keep, prune };

struct Options {
  corpus::ChunkOptions chunks;
  std::uint64_t max_file_bytes = 64ull * 1024 * 1024;
  /// What to do with documents of files that are no longer there (under the given paths). Rows that
  /// are gone from a JSONL file are always removed.
  Vanished vanished = Vanished::keep;
  std::size_t readers = 2;
  /// A kill loses at most the work of this time.
  std::chrono::milliseconds commit_interval{1000};
};

/// What has been done so far; at the end, the result.
struct Summary {
  std::uint64_t added = 0;
  std::uint64_t replaced = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t removed = 0;
  std::uint64_t ignored = 0;  ///< Files left out: unknown ending inside a folder, excluded.
  std::uint64_t chunks = 0;   ///< Of the documents added and replaced.
  std::uint64_t files = 0;    ///< Read to their end.
  std::uint64_t bytes = 0;    ///< Read from files so far, also from those not at their end.
  std::vector<Failure> failures;
  double seconds = 0.0;
  bool stopped = false;  ///< Somebody asked to stop before everything was done.
};

/// Sees the work as it goes on, on the thread that called `add_documents`.
class Observer {
 public:
  virtual ~Observer() = default;
  /// Once, before reading starts.
  virtual void planned(std::uint64_t files, std::uint64_t bytes) = 0;
  /// After each document and file, and about once a second while waiting for input.
  virtual void advanced(const Summary& so_far) = 0;
  virtual void failed(const Failure& failure) = 0;
  /// Everything in `so_far` is on disk.
  virtual void committed(const Summary& so_far) = 0;
};

/// Where documents come from and who watches; everything is borrowed.
struct Job {
  const Sources& sources;
  corpus::ByteSource* standard_input = nullptr;  ///< For the file named "-".
  Observer& observer;
  const Clock& clock;
  std::stop_token stop;  ///< Finishes the current document, commits and returns.
};

/// Reads what is new or changed into the index: unchanged documents (same bytes, same chunk sizes,
/// same version of the readers) are not parsed. Every document is in the index as a whole or not at
/// all, whenever the process ends. Bad files become failures in the summary; an Error means that
/// the index could not be written (what was committed before stays).
Result<Summary> add_documents(search::ChunkIndex& index, const Job& job, const Options& options);

}  // namespace liquid::ingest
