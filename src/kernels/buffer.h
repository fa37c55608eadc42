#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace liquid::kernels {

/// Floats aligned to a cache line, in huge pages where the kernel gives them: the matrices of a
/// training step walk through many 4 KiB pages at once. Contents are indeterminate until written.
class FloatBuffer {
 public:
  FloatBuffer() = default;
  /// Throws std::bad_alloc.
  explicit FloatBuffer(std::int64_t size);

  float* data() const { return memory_.get(); }
  std::int64_t size() const { return size_; }

  /// Makes room for at least `size` floats; what was there is lost when it must grow.
  float* at_least(std::int64_t size);

 private:
  struct Free {
    void operator()(float* memory) const;
  };
  std::unique_ptr<float, Free> memory_;
  std::int64_t size_ = 0;
};

}  // namespace liquid::kernels
