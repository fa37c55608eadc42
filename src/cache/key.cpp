#include "cache/key.h"

#include <cstring>

namespace liquid::cache {
namespace {

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_field(char* out, std::string_view text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  std::memcpy(out, &length, sizeof(length));
  return put(out + sizeof(length), text);
}

}  // namespace

Key::Key(const Parts& parts, const Hashing& hashing)
    : size_(static_cast<std::uint32_t>(2 * sizeof(std::uint32_t) + parts.tenant.size() +
                                       parts.route.size() + parts.canonical.size())) {
  text_ = std::make_unique_for_overwrite<char[]>(size_);
  put(put_field(put_field(text_.get(), parts.tenant), parts.route), parts.canonical);
  hash_ = hashing.function(bytes(), hashing.seed);
}

Key::Key(const Key& other)
    : text_(std::make_unique_for_overwrite<char[]>(other.size_)),
      hash_(other.hash_),
      size_(other.size_) {
  std::memcpy(text_.get(), other.text_.get(), size_);
}

Key& Key::operator=(const Key& other) {
  if (this != &other) *this = Key(other);
  return *this;
}

std::string_view Key::field(std::size_t at) const {
  std::uint32_t length = 0;
  std::memcpy(&length, text_.get() + at, sizeof(length));
  return {text_.get() + at + sizeof(length), length};
}

std::string_view Key::canonical() const {
  const std::string_view before = route();
  const char* begin = before.data() + before.size();
  return {begin, size_ - static_cast<std::size_t>(begin - text_.get())};
}

}  // namespace liquid::cache
