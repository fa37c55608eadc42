#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace liquid::cli {

/// SIGTERM and SIGINT as calls on a thread of its own: `on_signal(1)` at the first, `on_signal(2)`
/// at the second, and so on. Blocks the two signals for the calling thread and all threads made
/// after: so it is built before any other thread.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Starts to listen; signals that came before are delivered now.
  void listen(std::function<void(int count)> on_signal);
  /// After this `on_signal` is not called any more, nor running.
  void stop_listening();
  /// The signal that came last; 0: none yet. Any thread.
  int last_signal() const { return last_; }

 private:
  void run(const std::function<void(int)>& on_signal);

  int signals_ = -1;  ///< signalfd(2)
  int stop_ = -1;     ///< eventfd(2)
  std::atomic<int> last_{0};
  std::thread thread_;
};

}  // namespace liquid::cli
