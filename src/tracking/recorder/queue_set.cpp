#include "tracking/recorder/queue_set.h"

#include <atomic>
#include <new>

namespace liquid::tracking::recorder {
namespace {

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// The queue that this thread used last: no destructor, so that reading it costs no check whether it
// has been constructed. A serial is never used twice, so a stale entry matches nobody.
struct LastUsed {
  std::uint64_t serial = 0;
  PointQueue* queue = nullptr;
};
constinit thread_local LastUsed last_used;

// All queues of this thread. The recorder shares them, because either may end first.
struct OwnQueues {
  struct Entry {
    std::uint64_t serial = 0;
    std::shared_ptr<PointQueue> queue;
  };
  std::vector<Entry> entries;

  OwnQueues() = default;
  OwnQueues(const OwnQueues&) = delete;
  OwnQueues& operator=(const OwnQueues&) = delete;
  ~OwnQueues() {
    last_used = {};
    for (const Entry& entry : entries) entry.queue->close();
  }
};
thread_local OwnQueues own_queues;

std::int64_t blocks_of(std::uint64_t bytes) {
  const std::uint64_t blocks = bytes / (PointQueue::kBlockRecords * sizeof(QueuedRecord));
  return blocks == 0 ? 1 : static_cast<std::int64_t>(blocks);
}

}  // namespace

QueueSet::QueueSet(std::uint64_t max_bytes)
    : serial_(next_serial()), budget_(std::make_shared<BlockBudget>(blocks_of(max_bytes))) {}

QueueSet::~QueueSet() = default;

PointQueue* QueueSet::of_this_thread() noexcept {
  if (last_used.serial == serial_) return last_used.queue;
  PointQueue* queue = make_or_find();
  if (queue != nullptr) last_used = {serial_, queue};
  return queue;
}

PointQueue* QueueSet::make_or_find() noexcept {
  for (const OwnQueues::Entry& entry : own_queues.entries) {
    if (entry.serial == serial_) return entry.queue.get();
  }
  // The one place of the calling thread that allocates besides new keys: a training loop that runs
  // out of memory shall not learn it from here.
  try {
    std::erase_if(own_queues.entries,
                  [](const OwnQueues::Entry& entry) { return entry.queue.use_count() == 1; });
    auto queue = std::make_shared<PointQueue>(budget_);
    own_queues.entries.push_back({serial_, queue});
    PointQueue* made = queue.get();
    queues_.with([&queue](auto& queues) { queues.push_back(std::move(queue)); });
    return made;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

std::vector<std::shared_ptr<PointQueue>> QueueSet::all() {
  return queues_.with([](std::vector<std::shared_ptr<PointQueue>>& queues) {
    std::erase_if(queues, [](const std::shared_ptr<PointQueue>& queue) {
      return queue->closed() && queue->front() == nullptr;
    });
    return queues;
  });
}

}  // namespace liquid::tracking::recorder
