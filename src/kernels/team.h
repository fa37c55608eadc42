#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "kernels/isa.h"

namespace liquid::kernels {

/// Threads this process may keep busy: its affinity mask, cut by the cgroup's CPU quota; at
/// least 1.
int available_threads();

struct TeamOptions {
  int threads = available_threads();  ///< including the caller's; at least 1
  Isa isa = best_isa();               ///< which kernels to run; a weaker one than best is for tests
};

/// The threads that every kernel runs on. One team per process, made by whoever builds the trainer
/// and passed to each kernel; the calling thread is worker 0.
///
/// Work is cut into parts whose results do not depend on who does them nor on how many threads
/// there are (sums are taken per part and added in the order of the parts), and a free thread takes
/// the next part. So results are the same bits for every number of threads, while a core that is
/// busy elsewhere delays only the part it holds.
///
/// Between jobs the workers spin for some tens of microseconds, then sleep.
/// Thread rule: one caller at a time; a part must not call the team again (asserted).
class Team {
 public:
  explicit Team(TeamOptions options = {});
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int threads() const;
  Isa isa() const;

  /// Calls work(part, worker) once for every part in [0, parts) and returns when all have finished.
  /// `worker` is in [0, threads()). The work must not throw.
  void run(std::int64_t parts, const std::function<void(std::int64_t part, int worker)>& work);

  /// run() over rows: each part is a range of at most `grain` of the rows [0, rows).
  void run_rows(std::int64_t rows, std::int64_t grain,
                const std::function<void(std::int64_t begin, std::int64_t end)>& work);

  /// Scratch memory that outlives a call, so that kernels do not allocate. Both are called outside
  /// run() (they may throw std::bad_alloc); what was in the buffers may be lost.
  float* reserve_shared(std::int64_t floats);
  void reserve_per_worker(std::int64_t floats);
  /// Inside run(): the worker's own buffer.
  float* worker_scratch(int worker) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace liquid::kernels
