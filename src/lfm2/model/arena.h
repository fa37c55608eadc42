#pragma once

#include <cstddef>
#include <memory>

namespace liquid::lfm2 {

/// Memory for activations. A step takes and gives back the same few hundred blocks as the step
/// before; from the general allocator each would be mapped, zeroed page by page and unmapped again.
/// Here pages stay with the process once touched: what was the peak of one step is there for the
/// next. Blocks are aligned to a cache line; huge pages are asked for. Safe from any thread.
class Arena {
 public:
  /// Throws std::bad_alloc when not even addresses can be had.
  static std::shared_ptr<Arena> create();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Indeterminate contents. Throws std::bad_alloc.
  void* take(std::size_t bytes);
  void give_back(void* block);

  /// Bytes up to the highest block ever taken: what the arena may hold of the machine's memory.
  std::size_t high_water() const;

 private:
  struct State;
  explicit Arena(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace liquid::lfm2
