#include "http/input_buffer.h"

#include <algorithm>
#include <cstring>

namespace liquid::http {
namespace {

// A request of a few kilobytes arrives in one read; larger bodies double it as they come in.
constexpr std::size_t kFirstCapacity = std::size_t{8} * 1024;

}  // namespace

std::span<char> InputBuffer::space(std::size_t minimum) {
  if (capacity_ - end_ < minimum && begin_ > 0) {
    std::memmove(storage_.get(), data(), size());
    end_ -= begin_;
    begin_ = 0;
  }
  if (capacity_ - end_ < minimum) {
    const std::size_t grown = std::max({kFirstCapacity, capacity_ * 2, end_ + minimum});
    std::unique_ptr<char[]> larger(new char[grown]);  // not zeroed: it is written by recv
    if (end_ > 0) std::memcpy(larger.get(), storage_.get(), end_);
    storage_ = std::move(larger);
    capacity_ = grown;
  }
  return {storage_.get() + end_, capacity_ - end_};
}

void InputBuffer::erase(std::size_t position, std::size_t count) {
  assert(position + count <= size());
  if (count == 0) return;
  std::memmove(data() + position, data() + position + count, size() - position - count);
  end_ -= count;
}

void InputBuffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(space(bytes.size()).data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

void InputBuffer::clear(std::size_t kept_capacity) {
  begin_ = end_ = 0;
  if (capacity_ <= kept_capacity) return;
  storage_.reset();
  capacity_ = 0;
}

}  // namespace liquid::http
