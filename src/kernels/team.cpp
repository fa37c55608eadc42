#include "kernels/team.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "kernels/buffer.h"

namespace liquid::kernels {
namespace {

// About 50 µs: longer than the gap between two kernels of one step, shorter than anything a user
// would see on a shared machine.
constexpr int kSpins = 2000;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// cgroup v2 says "<quota> <period>" or "max <period>"; v1 has a file for each, quota -1 = none.
double quota_threads() {
  double quota = 0;
  double period = 0;
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  if (v2) {
    v2 >> quota >> period;
    return v2 && quota > 0 && period > 0 ? quota / period : 0;
  }
  std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") >> quota;
  std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period;
  return quota > 0 && period > 0 ? quota / period : 0;
}

// Only read by assertions: a part that calls the team again would wait for itself.
thread_local bool inside_a_part = false;

using Work = std::function<void(std::int64_t, int)>;

void do_part(const Work& work, std::int64_t part, int worker) {
  inside_a_part = true;
  work(part, worker);
  inside_a_part = false;
}

}  // namespace

int available_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int threads = sched_getaffinity(0, sizeof(set), &set) == 0
                    ? CPU_COUNT(&set)
                    : static_cast<int>(std::thread::hardware_concurrency());
  const double quota = quota_threads();
  if (quota > 0) threads = std::min(threads, static_cast<int>(std::ceil(quota)));
  return std::max(threads, 1);
}

// A job is claimed part by part from `ticket`: the job's number in the high half, the parts not yet
// claimed in the low half. Who has claimed a part may read `work` and `parts`, because the job
// cannot end before that part does; who finds none left touches neither. So run() waits for parts,
// never for a worker that is still asleep.
struct Team::State {  // NOLINT(clang-analyzer-optin.performance.Padding): cache lines
  explicit State(const TeamOptions& options)
      : isa(options.isa), scratch(static_cast<std::size_t>(std::max(options.threads, 1))) {}

  bool work_on_one(int worker) {
    std::uint64_t seen = ticket.load(std::memory_order_acquire);
    do {
      if ((seen & 0xffffffffU) == 0) return false;
    } while (!ticket.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel));
    const std::int64_t total = parts;
    do_part(*work, total - static_cast<std::int64_t>(seen & 0xffffffffU), worker);
    if (finished.fetch_add(1, std::memory_order_acq_rel) + 1 == total) finished.notify_all();
    return true;
  }

  void serve(int worker) {
    while (true) {
      const std::uint32_t before = wake.load(std::memory_order_acquire);
      if (stop.load(std::memory_order_acquire)) return;
      bool worked = false;
      for (int spin = 0; spin < kSpins; ++spin) {
        while (work_on_one(worker)) {
          worked = true;
          spin = 0;
        }
        pause_briefly();
      }
      if (!worked) wake.wait(before, std::memory_order_acquire);
    }
  }

  Isa isa;
  std::atomic<bool> stop = false;
  FloatBuffer shared;
  std::vector<FloatBuffer> scratch;
  std::vector<std::thread> threads;

  const Work* work = nullptr;
  std::int64_t parts = 0;
  std::uint64_t job = 0;
  // Each on a cache line of its own: workers watch one while others write the next.
  alignas(64) std::atomic<std::uint64_t> ticket = 0;
  alignas(64) std::atomic<std::int64_t> finished = 0;
  alignas(64) std::atomic<std::uint32_t> wake = 0;
};

Team::Team(TeamOptions options) : state_(std::make_unique<State>(options)) {
  for (int worker = 1; worker < threads(); ++worker) {
    state_->threads.emplace_back([state = state_.get(), worker] { state->serve(worker); });
  }
}

Team::~Team() {
  state_->stop.store(true, std::memory_order_release);
  state_->wake.fetch_add(1, std::memory_order_release);
  state_->wake.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

int Team::threads() const { return static_cast<int>(state_->scratch.size()); }
Isa Team::isa() const { return state_->isa; }

void Team::run(std::int64_t parts, const std::function<void(std::int64_t part, int worker)>& work) {
  assert(parts < (std::int64_t{1} << 32));
  assert(!inside_a_part);
  State& state = *state_;
  if (parts <= 1 || threads() == 1) {
    for (std::int64_t part = 0; part < parts; ++part) do_part(work, part, 0);
  } else {
    state.work = &work;
    state.parts = parts;
    state.finished.store(0, std::memory_order_relaxed);
    state.ticket.store(++state.job << 32 | static_cast<std::uint64_t>(parts),
                       std::memory_order_release);
    state.wake.fetch_add(1, std::memory_order_release);
    state.wake.notify_all();
    while (state.work_on_one(0)) {
    }
    int spin = 0;
    for (std::int64_t done = state.finished.load(std::memory_order_acquire); done < parts;
         done = state.finished.load(std::memory_order_acquire)) {
      if (++spin < kSpins) {
        pause_briefly();
      } else {
        state.finished.wait(done, std::memory_order_acquire);
      }
    }
  }
}

void Team::run_rows(std::int64_t rows, std::int64_t grain,
                    const std::function<void(std::int64_t begin, std::int64_t end)>& work) {
  run((rows + grain - 1) / grain,
      [&](std::int64_t part, int) { work(part * grain, std::min(rows, (part + 1) * grain)); });
}

float* Team::reserve_shared(std::int64_t floats) { return state_->shared.at_least(floats); }

void Team::reserve_per_worker(std::int64_t floats) {
  for (FloatBuffer& buffer : state_->scratch) buffer.at_least(floats);
}

float* Team::worker_scratch(int worker) const {
  return state_->scratch[static_cast<std::size_t>(worker)].data();
}

}  // namespace liquid::kernels
