#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "tracking/recorder/key_table.h"
#include "tracking/recorder/operation.h"

namespace liquid::tracking::recorder {

/// One thing on its way from a thread to the writer: a point, or any other operation on the heap.
struct QueuedRecord {
  static constexpr std::uint32_t kOperation = KeyTable::kNone;

  std::int64_t time_ms = 0;
  std::int64_t step = 0;
  std::uint64_t payload = 0;  ///< Bits of the value, or of the address of an owned Operation.
  std::uint32_t key = kOperation;
};

/// How many blocks all queues of a recorder may hold together. Safe from any thread.
class BlockBudget {
 public:
  explicit BlockBudget(std::int64_t blocks) : left_(blocks) {}
  bool take() noexcept {
    if (left_.fetch_sub(1, std::memory_order_relaxed) > 0) return true;
    give_back();
    return false;
  }
  void give_back() noexcept { left_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> left_;
};

/// What one thread has logged and the writer has not fetched: a chain of blocks of records, filled
/// by that thread alone and emptied by the writer alone, without locks.
///
/// Invariants: `tail_` is the last block of the chain and touched by the owner only; `head_` is the
/// first and touched by the writer only; a block is linked only when the one before it is full; a
/// block's records below `written` never change. Emptied blocks wait in `spares_` for the owner, so
/// that a steady loop allocates nothing and meets no fresh (not yet mapped) memory.
// The padding keeps what the two threads write apart.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
class PointQueue {
 public:
  static constexpr std::size_t kBlockRecords = 1023;

  explicit PointQueue(std::shared_ptr<BlockBudget> budget);
  ~PointQueue();
  PointQueue(const PointQueue&) = delete;
  PointQueue& operator=(const PointQueue&) = delete;

  enum class Pushed { yes, yes_and_filling, no_memory };
  /// Owner. `yes_and_filling` asks to wake the writer: the spare blocks are used up.
  Pushed push(const QueuedRecord& record) noexcept;
  ThreadKeys& keys() noexcept { return keys_; }
  /// The thread has ended; what is queued will still be fetched.
  void close() noexcept { closed_.store(true, std::memory_order_release); }

  /// Writer: the next record, or null. It is gone with `pop`.
  const QueuedRecord* front() noexcept;
  void pop() noexcept { ++read_; }
  /// Writer: closed, and nothing will come any more once `front` is null.
  bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

 private:
  struct Block {
    std::atomic<std::uint32_t> written{0};
    std::atomic<Block*> next{nullptr};
    std::array<QueuedRecord, kBlockRecords> records;
  };

  Pushed extend() noexcept;
  void recycle(Block* block) noexcept;

  const std::shared_ptr<BlockBudget> budget_;
  ThreadKeys keys_;                    // owner
  Block* tail_ = nullptr;              // owner
  alignas(64) Block* head_ = nullptr;  // writer
  std::uint32_t read_ = 0;             // writer: records of head_ that are done
  alignas(64) std::atomic<bool> closed_{false};
  std::array<std::atomic<Block*>, 16> spares_{};  // both, by exchange
};

/// The operation that a record carries, if it carries one.
std::unique_ptr<Operation> operation_of(const QueuedRecord& record);
QueuedRecord queued(std::unique_ptr<Operation> operation);

}  // namespace liquid::tracking::recorder
