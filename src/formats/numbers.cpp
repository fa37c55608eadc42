#include "formats/numbers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>

namespace liquid::formats {
namespace {

struct Dtype {
  std::string_view name;
  std::uint64_t bits;
};
constexpr std::array<Dtype, 22> kDtypes{
    {{"BOOL", 8},    {"U8", 8},   {"I8", 8},          {"F8_E5M2", 8},     {"F8_E4M3", 8},
     {"F8_E8M0", 8}, {"F4", 4},   {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F6_E2M3", 6},
     {"F6_E3M2", 6}, {"I16", 16}, {"U16", 16},        {"F16", 16},        {"BF16", 16},
     {"I32", 32},    {"U32", 32}, {"F32", 32},        {"F64", 64},        {"I64", 64},
     {"U64", 64},    {"C64", 64}}};

constexpr std::uint32_t kSignF32 = 0x8000'0000;
constexpr std::uint32_t kInfinityF32 = 0x7f80'0000;

template <typename T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

template <typename T, typename Convert>
void widen(std::span<const std::byte> bytes, std::span<float> out, Convert convert) {
  const std::byte* at = bytes.data();
  for (float& value : out) {
    value = convert(load<T>(at));
    at += sizeof(T);
  }
}

template <typename Convert>
void narrow(std::span<const float> values, std::span<std::byte> out, Convert convert) {
  std::byte* at = out.data();
  for (const float value : values) {
    const std::uint16_t bits = convert(value);
    std::memcpy(at, &bits, sizeof(bits));
    at += sizeof(bits);
  }
}

Result<void> check_lengths(std::string_view dtype, std::size_t bytes, std::size_t values) {
  const std::optional<std::uint64_t> bits = dtype_bits(dtype);
  if (bits && bytes * 8 == values * *bits) return {};
  return Error{ErrorCode::invalid_argument, std::to_string(bytes) + " bytes are not " +
                                                std::to_string(values) + " values of " +
                                                std::string(dtype)};
}

Error no_floats(std::string_view dtype) {
  return {ErrorCode::unsupported,
          "dtype " + std::string(dtype) + " is none of F32, F16, BF16 and F64"};
}

/// Rounded half away from zero like roundf, kept inside a signed byte whatever the input.
std::int8_t to_code(float scaled) {
  const float rounded = std::round(scaled);
  if (std::isnan(rounded)) return 0;
  return static_cast<std::int8_t>(std::clamp(rounded, -127.0F, 127.0F));
}

}  // namespace

std::optional<std::uint64_t> dtype_bits(std::string_view dtype) {
  for (const Dtype& candidate : kDtypes) {
    if (candidate.name == dtype) return candidate.bits;
  }
  return std::nullopt;
}

float f32_from_f16(std::uint16_t bits) {
  constexpr std::uint32_t kExponentOfInfinity = 0x7c00U << 13;
  const std::uint32_t magnitude = (bits & 0x7fffU) << 13;
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  if (magnitude >= kExponentOfInfinity) {
    return std::bit_cast<float>(sign | kInfinityF32 | (magnitude & 0x007f'ffffU));
  }
  // Multiplying by 2^112 moves the exponent's bias from 15 to 127 and makes subnormals normal.
  const float scaled = std::bit_cast<float>(magnitude) * 0x1p112F;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(scaled));
}

std::uint16_t f16_from_f32(float value) {
  constexpr std::uint32_t kBelowNormal = 0x3880'0000;  // 2^-14
  constexpr std::uint32_t kBeyond = 0x4780'0000;       // 2^16
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits & kSignF32) >> 16);
  const std::uint32_t magnitude = bits & ~kSignF32;
  if (magnitude > kInfinityF32) {
    return static_cast<std::uint16_t>(sign | 0x7e00U | ((magnitude >> 13) & 0x1ffU));
  }
  if (magnitude >= kBeyond) return static_cast<std::uint16_t>(sign | 0x7c00U);
  if (magnitude < kBelowNormal) {
    // Adding 1/2 leaves the last bit of the sum worth 2^-24, the step of half's subnormals, so
    // the addition rounds as wanted.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    const std::uint32_t code = std::bit_cast<std::uint32_t>(shifted) - 0x3f00'0000U;
    return static_cast<std::uint16_t>(sign | code);
  }
  // Exponent from bias 127 to 15; 0xfff plus the lowest kept bit rounds to nearest, ties to even.
  const std::uint32_t rounded = magnitude - (112U << 23) + 0xfffU + ((magnitude >> 13) & 1U);
  return static_cast<std::uint16_t>(sign | (rounded >> 13));
}

std::uint16_t bf16_from_f32(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & ~kSignF32) > kInfinityF32) {
    return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
  }
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

Result<void> widen_to_f32(std::string_view dtype, std::span<const std::byte> bytes,
                          std::span<float> out) {
  if (Result<void> fits = check_lengths(dtype, bytes.size(), out.size()); !fits) return fits;
  if (dtype == "F32") {
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  } else if (dtype == "BF16") {
    widen<std::uint16_t>(bytes, out, f32_from_bf16);
  } else if (dtype == "F16") {
    widen<std::uint16_t>(bytes, out, f32_from_f16);
  } else if (dtype == "F64") {
    widen<double>(bytes, out, [](double value) { return static_cast<float>(value); });
  } else {
    return no_floats(dtype);
  }
  return {};
}

Result<void> narrow_from_f32(std::span<const float> values, std::string_view dtype,
                             std::span<std::byte> out) {
  if (Result<void> fits = check_lengths(dtype, out.size(), values.size()); !fits) return fits;
  if (dtype == "F32") {
    if (!values.empty()) std::memcpy(out.data(), values.data(), out.size());
  } else if (dtype == "BF16") {
    narrow(values, out, bf16_from_f32);
  } else if (dtype == "F16") {
    narrow(values, out, f16_from_f32);
  } else {
    return Error{ErrorCode::unsupported,
                 "dtype " + std::string(dtype) + " is none of F32, F16 and BF16"};
  }
  return {};
}

// block_q8_0 = scale:f16le codes:i8[32];  value = scale · code,  scale = max|value| / 127
void quantize_q8_0(std::span<const float> values, std::span<std::byte> out) {
  for (std::size_t block = 0; block < values.size() / kQ8Block; ++block) {
    const std::span<const float> part = values.subspan(block * kQ8Block, kQ8Block);
    float largest = 0.0F;
    for (const float value : part) largest = std::max(largest, std::abs(value));
    const float scale = largest / 127.0F;
    const float inverse = scale == 0.0F ? 0.0F : 1.0F / scale;
    std::byte* at = out.data() + block * kQ8BlockBytes;
    const std::uint16_t bits = f16_from_f32(scale);
    std::memcpy(at, &bits, sizeof(bits));
    for (std::size_t i = 0; i < kQ8Block; ++i) {
      at[2 + i] = static_cast<std::byte>(to_code(part[i] * inverse));
    }
  }
}

void dequantize_q8_0(std::span<const std::byte> blocks, std::span<float> out) {
  for (std::size_t block = 0; block < out.size() / kQ8Block; ++block) {
    const std::byte* at = blocks.data() + block * kQ8BlockBytes;
    const float scale = f32_from_f16(load<std::uint16_t>(at));
    for (std::size_t i = 0; i < kQ8Block; ++i) {
      out[block * kQ8Block + i] = scale * static_cast<float>(load<std::int8_t>(at + 2 + i));
    }
  }
}

}  // namespace liquid::formats
