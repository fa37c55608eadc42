#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace liquid::http {

/// Bytes that were received and not yet used up, in one piece.
///
/// Invariant: 0 <= begin_ <= end_ <= capacity_. Views into it live until the next call that is not
/// const.
class InputBuffer {
 public:
  std::string_view view() const { return {storage_.get() + begin_, size()}; }
  char* data() { return storage_.get() + begin_; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  std::size_t capacity() const { return capacity_; }

  /// Free space of at least `minimum` bytes behind the content; moves or doubles the storage when
  /// there is less.
  std::span<char> space(std::size_t minimum);
  /// `count` bytes of `space` were filled.
  void commit(std::size_t count) {
    assert(count <= capacity_ - end_);
    end_ += count;
  }
  /// Drops the first `count` bytes.
  void consume(std::size_t count) {
    assert(count <= size());
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Takes `count` bytes at `position` out of the middle.
  void erase(std::size_t position, std::size_t count);
  void append(std::string_view bytes);

  /// Forgets the content, and the storage too when it is larger than `kept_capacity`.
  void clear(std::size_t kept_capacity);

 private:
  std::unique_ptr<char[]> storage_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace liquid::http
