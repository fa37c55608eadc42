#include "ingest/reading.h"

#include <utility>

namespace liquid::ingest {
namespace {

// Enough to keep the readers busy while the writer commits.
constexpr std::size_t kWaitingBytes = std::size_t{64} * 1024 * 1024;

// About what a piece occupies.
std::size_t bytes_of(const Piece& piece) {
  constexpr std::size_t kSmallPiece = 1024;
  const auto* ready = std::get_if<Ready>(&piece);
  if (ready == nullptr) return kSmallPiece;
  std::size_t bytes = kSmallPiece;
  for (const corpus::Chunk& chunk : ready->chunks) bytes += sizeof(chunk) + chunk.text.size();
  return bytes;
}

}  // namespace

Reading::Reading(const std::vector<SourceFile>& files, ReadFile read, std::size_t threads,
                 std::stop_token stop)
    : files_(files),
      read_(std::move(read)),
      stop_(std::move(stop)),
      readers_({.name = "reader", .threads = threads, .max_queued = threads}) {
  for (std::size_t i = 0; i < threads; ++i) {
    // The queue has a place for each thread.
    (void)readers_.try_submit([this] { run_reader(); });
  }
}

Reading::~Reading() {
  {
    const std::lock_guard lock(mutex_);
    dropping_ = true;
  }
  taken_.notify_all();
  readers_.drain();
}

Reading::Taken Reading::take(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (next_to_take_ == files_.size()) return {Status::end, 0, {}};
  const std::size_t file = next_to_take_;
  const auto has_piece = [this, file] {
    const auto found = waiting_.find(file);
    return found != waiting_.end() && !found->second.empty();
  };
  const bool ready = pushed_.wait_for(lock, stop_, patience, has_piece);
  if (stop_.stop_requested()) return {Status::stopped, file, {}};
  if (!ready) return {Status::waited, file, {}};
  std::deque<Piece>& pieces = waiting_[file];
  Taken taken{Status::piece, file, std::move(pieces.front())};
  pieces.pop_front();
  waiting_bytes_ -= bytes_of(taken.piece);
  if (std::holds_alternative<FileEnd>(taken.piece)) {
    waiting_.erase(file);
    ++next_to_take_;
  }
  lock.unlock();
  taken_.notify_all();
  return taken;
}

void Reading::run_reader() {
  for (;;) {
    std::size_t file = 0;
    {
      const std::lock_guard lock(mutex_);
      if (dropping_ || stop_.stop_requested() || next_to_read_ == files_.size()) return;
      file = next_to_read_++;
    }
    const Completeness completeness =
        read_(files_[file], [this, file](Piece piece) { push(file, std::move(piece)); });
    push(file, FileEnd{completeness});
  }
}

void Reading::push(std::size_t file, Piece piece) {
  const std::size_t bytes = bytes_of(piece);
  std::unique_lock lock(mutex_);
  taken_.wait(lock, stop_, [this, file] {
    return dropping_ || file == next_to_take_ || waiting_bytes_ < kWaitingBytes;
  });
  if (dropping_ || stop_.stop_requested()) return;
  waiting_bytes_ += bytes;
  waiting_[file].push_back(std::move(piece));
  lock.unlock();
  pushed_.notify_one();
}

}  // namespace liquid::ingest
