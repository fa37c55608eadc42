#include "kernels/buffer.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace liquid::kernels {
namespace {

constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t rounded_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

void FloatBuffer::Free::operator()(float* memory) const { std::free(memory); }

FloatBuffer::FloatBuffer(std::int64_t size) : size_(size) {
  if (size <= 0) {
    size_ = 0;
    return;
  }
  const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(float);
  const std::size_t unit = bytes >= kHugePage ? kHugePage : kCacheLine;
  void* memory = std::aligned_alloc(unit, rounded_up(bytes, unit));
  if (memory == nullptr) throw std::bad_alloc();
  // A refusal only costs speed.
  if (unit == kHugePage) madvise(memory, rounded_up(bytes, unit), MADV_HUGEPAGE);
  memory_.reset(static_cast<float*>(memory));
}

float* FloatBuffer::at_least(std::int64_t size) {
  if (size > size_) {
    memory_.reset();
    size_ = 0;
    *this = FloatBuffer(size);
  }
  return data();
}

}  // namespace liquid::kernels
