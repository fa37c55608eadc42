#include "tracking/recorder/point_queue.h"

#include <bit>
#include <new>
#include <utility>

namespace liquid::tracking::recorder {
namespace {

// Blocks made at once: 8 × 1023 points in the interval between two visits of the writer cost the
// owner nothing but their records.
constexpr std::size_t kFirstBlocks = 8;

}  // namespace

// The owner's first call pays for the first blocks; `new Block()` writes all of each block, so that
// its pages are there.
PointQueue::PointQueue(std::shared_ptr<BlockBudget> budget) : budget_(std::move(budget)) {
  if (!budget_->take()) return;
  head_ = tail_ = new Block();
  for (std::size_t i = 0; i + 1 < kFirstBlocks && budget_->take(); ++i) {
    spares_[i].store(new Block(), std::memory_order_relaxed);
  }
}

PointQueue::~PointQueue() {
  while (const QueuedRecord* record = front()) {
    operation_of(*record).reset();
    pop();
  }
  if (head_ != nullptr) budget_->give_back();
  delete head_;
  for (std::atomic<Block*>& spare : spares_) {
    Block* block = spare.load(std::memory_order_relaxed);
    if (block != nullptr) budget_->give_back();
    delete block;
  }
}

PointQueue::Pushed PointQueue::extend() noexcept {
  for (std::atomic<Block*>& spare : spares_) {
    if (spare.load(std::memory_order_relaxed) == nullptr) continue;
    // Acquire: the writer's last look at the block comes before our first write into it.
    Block* block = spare.exchange(nullptr, std::memory_order_acquire);
    if (block == nullptr) continue;
    tail_->next.store(block, std::memory_order_release);
    tail_ = block;
    return Pushed::yes;
  }
  if (!budget_->take()) return Pushed::no_memory;
  Block* block = new (std::nothrow) Block();
  if (block == nullptr) {
    budget_->give_back();
    return Pushed::no_memory;
  }
  tail_->next.store(block, std::memory_order_release);
  tail_ = block;
  return Pushed::yes_and_filling;
}

PointQueue::Pushed PointQueue::push(const QueuedRecord& record) noexcept {
  if (tail_ == nullptr) return Pushed::no_memory;
  Pushed pushed = Pushed::yes;
  std::uint32_t at = tail_->written.load(std::memory_order_relaxed);
  if (at == kBlockRecords) {
    pushed = extend();
    if (pushed == Pushed::no_memory) return pushed;
    at = 0;
  }
  tail_->records[at] = record;
  tail_->written.store(at + 1, std::memory_order_release);
  return pushed;
}

const QueuedRecord* PointQueue::front() noexcept {
  if (head_ == nullptr) return nullptr;
  if (read_ == kBlockRecords) {
    Block* next = head_->next.load(std::memory_order_acquire);
    if (next == nullptr) return nullptr;
    recycle(head_);
    head_ = next;
    read_ = 0;
  }
  if (read_ == head_->written.load(std::memory_order_acquire)) return nullptr;
  return &head_->records[read_];
}

void PointQueue::recycle(Block* block) noexcept {
  block->written.store(0, std::memory_order_relaxed);
  block->next.store(nullptr, std::memory_order_relaxed);
  for (std::atomic<Block*>& spare : spares_) {
    Block* none = nullptr;
    if (spare.compare_exchange_strong(none, block, std::memory_order_release,
                                      std::memory_order_relaxed)) {
      return;
    }
  }
  delete block;
  budget_->give_back();
}

std::unique_ptr<Operation> operation_of(const QueuedRecord& record) {
  if (record.key != QueuedRecord::kOperation) return nullptr;
  return std::unique_ptr<Operation>(std::bit_cast<Operation*>(record.payload));
}

QueuedRecord queued(std::unique_ptr<Operation> operation) {
  QueuedRecord record;
  record.payload = std::bit_cast<std::uint64_t>(operation.release());
  return record;
}

}  // namespace liquid::tracking::recorder
