#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace liquid::cache {

/// Hash function of the tables; tests put a bad one in to prove that equality never rests on it.
using KeyHash = std::uint64_t (*)(std::string_view bytes, std::uint64_t seed);

/// The identity of an answer: who may see it, which route, and the request in canonical form.
///
/// Wire form of `bytes()`, lengths as 4 bytes in native order, so that no two triples share a form:
///   length(tenant) tenant length(route) route canonical
/// Two keys are equal when all bytes are; the hash only says where to look.
class Key {
 public:
  struct Parts {
    std::string_view tenant;
    std::string_view route;
    std::string_view canonical;
  };
  struct Hashing {
    KeyHash function = nullptr;
    std::uint64_t seed = 0;
  };

  Key(const Parts& parts, const Hashing& hashing);
  Key(const Key& other);
  Key& operator=(const Key& other);
  Key(Key&&) noexcept = default;
  Key& operator=(Key&&) noexcept = default;
  ~Key() = default;

  std::uint64_t hash() const { return hash_; }
  std::string_view bytes() const { return {text_.get(), size_}; }
  std::string_view tenant() const { return field(0); }
  std::string_view route() const { return field(sizeof(std::uint32_t) + tenant().size()); }
  std::string_view canonical() const;

  bool operator==(const Key& other) const {
    return this == &other || (hash_ == other.hash_ && bytes() == other.bytes());
  }

 private:
  std::string_view field(std::size_t at) const;

  // 24 bytes: a std::string would cost 16 more in every entry.
  std::unique_ptr<char[]> text_;
  std::uint64_t hash_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace liquid::cache

template <>
struct std::hash<liquid::cache::Key> {
  std::size_t operator()(const liquid::cache::Key& key) const noexcept { return key.hash(); }
};
