#include "counting_heap.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> in_use{0};

void* counted(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  in_use.fetch_add(malloc_usable_size(block), std::memory_order_relaxed);
  return block;
}

void release(void* block) {
  if (block != nullptr) in_use.fetch_sub(malloc_usable_size(block), std::memory_order_relaxed);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return counted(std::malloc(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(step, (size + step - 1) / step * step));
}
void operator delete(void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { release(block); }

namespace liquid::bench {

std::size_t heap_bytes_in_use() { return in_use.load(std::memory_order_relaxed); }

}  // namespace liquid::bench
