#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace liquid {

/// A SHA-256 value (FIPS 180-4): for identities that leave the process or decide about correctness.
struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  auto operator<=>(const Digest&) const = default;

  /// 64 lower-case hexadecimal digits.
  std::string hex() const;
  static std::optional<Digest> from_hex(std::string_view hex);
};

/// SHA-256 of the bytes.
Digest sha256(std::string_view bytes);

/// SHA-256 over a sequence of fields. Every field is preceded by its length, so that ("ab","c") and
/// ("a","bc") differ.
class DigestBuilder {
 public:
  DigestBuilder();
  ~DigestBuilder();
  DigestBuilder(const DigestBuilder&) = delete;
  DigestBuilder& operator=(const DigestBuilder&) = delete;

  DigestBuilder& field(std::string_view bytes);
  DigestBuilder& field(const Digest& digest);
  DigestBuilder& field(std::uint64_t number);
  /// Ends the sequence; the builder must not be used afterwards.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `sha256` of bytes that come in pieces.
class Sha256Builder {
 public:
  Sha256Builder();
  ~Sha256Builder();
  Sha256Builder(Sha256Builder&&) noexcept;
  Sha256Builder& operator=(Sha256Builder&&) noexcept;

  void append(std::string_view bytes);
  /// Ends the sequence; the builder must not be used afterwards.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// XXH3, 64 bits: for hash tables inside one process. Seed tables that outsiders can fill.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

/// `hash64` with seed 0 of bytes that come in pieces.
class Hash64Builder {
 public:
  Hash64Builder();
  ~Hash64Builder();
  Hash64Builder(const Hash64Builder&) = delete;
  Hash64Builder& operator=(const Hash64Builder&) = delete;

  void append(std::string_view bytes);
  std::uint64_t finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A seed drawn once per process from the operating system.
std::uint64_t process_seed();

}  // namespace liquid

template <>
struct std::hash<liquid::Digest> {
  std::size_t operator()(const liquid::Digest& digest) const noexcept {
    std::size_t value = 0;
    static_assert(sizeof(value) <= sizeof(digest.bytes));
    __builtin_memcpy(&value, digest.bytes.data(), sizeof(value));
    return value;
  }
};
