#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

// The smallest pieces of the journal's files; their grammar stands in journal_format.cpp.

namespace liquid::tracking::recorder {

/// Appends numbers and texts to a string.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      byte(static_cast<std::uint8_t>(value | 0x80U));
      value >>= 7U;
    }
    byte(static_cast<std::uint8_t>(value));
  }
  void zigzag(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63));
  }
  template <typename Number>
  void fixed(Number value) {
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      byte(static_cast<std::uint8_t>(value >> (8 * i)));
    }
  }
  void real(double value) { fixed(std::bit_cast<std::uint64_t>(value)); }
  void text(std::string_view value) {
    varint(value.size());
    out_.append(value);
  }

 private:
  std::string& out_;
};

/// Takes them out again. The first piece that is not there or not well formed makes the reader
/// fail for good: it returns zeros from then on, so that callers ask once, at the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint8_t byte() {
    if (bytes_.empty()) return fail<std::uint8_t>();
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t piece = byte();
      value |= (piece & 0x7FU) << shift;
      if ((piece & 0x80U) == 0) return value;
    }
    return fail<std::uint64_t>();
  }
  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1U));
  }
  template <typename Number>
  Number fixed() {
    Number value = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      value |= static_cast<Number>(static_cast<Number>(byte()) << (8 * i));
    }
    return value;
  }
  double real() { return std::bit_cast<double>(fixed<std::uint64_t>()); }
  std::string_view text() {
    const std::uint64_t size = varint();
    if (size > bytes_.size()) return fail<std::string_view>();
    const std::string_view value = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(value.size());
    return value;
  }
  std::string string() { return std::string(text()); }

  bool done() const { return bytes_.empty(); }
  bool failed() const { return failed_; }
  std::size_t left() const { return bytes_.size(); }

 private:
  template <typename T>
  T fail() {
    failed_ = true;
    bytes_ = {};
    return T{};
  }

  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace liquid::tracking::recorder
