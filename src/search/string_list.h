#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace liquid::search {

/// Many short strings in one block of memory. Holds less than 4 GiB of text.
class StringList {
 public:
  std::size_t size() const { return ends_.size(); }
  std::size_t bytes() const { return text_.capacity() + ends_.capacity() * sizeof(std::uint32_t); }

  std::size_t text_bytes() const { return text_.size(); }

  std::string_view operator[](std::size_t index) const {
    const std::uint32_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(text_).substr(begin, ends_[index] - begin);
  }

  /// False when the list is full; nothing was added then.
  [[nodiscard]] bool push_back(std::string_view text) {
    if (text.size() > std::numeric_limits<std::uint32_t>::max() - text_.size()) return false;
    text_.append(text);
    ends_.push_back(static_cast<std::uint32_t>(text_.size()));
    return true;
  }

  void reserve(std::size_t strings, std::size_t text_bytes) {
    ends_.reserve(strings);
    text_.reserve(text_bytes);
  }

  void shrink_to_fit() {
    text_.shrink_to_fit();
    ends_.shrink_to_fit();
  }

 private:
  std::string text_;
  std::vector<std::uint32_t> ends_;
};

}  // namespace liquid::search
