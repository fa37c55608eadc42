#include "formats/gguf_types.h"

#include <string>

namespace liquid::formats {
namespace {

struct TypeRow {
  std::uint32_t number;
  const char* name;
  GgufBlock block;
};

/// ggml's types; the gaps are numbers it has given up.
constexpr TypeRow kTypes[] = {
    {0, "F32", {1, 4}},         {1, "F16", {1, 2}},         {2, "Q4_0", {32, 18}},
    {3, "Q4_1", {32, 20}},      {6, "Q5_0", {32, 22}},      {7, "Q5_1", {32, 24}},
    {8, "Q8_0", {32, 34}},      {9, "Q8_1", {32, 36}},      {10, "Q2_K", {256, 84}},
    {11, "Q3_K", {256, 110}},   {12, "Q4_K", {256, 144}},   {13, "Q5_K", {256, 176}},
    {14, "Q6_K", {256, 210}},   {15, "Q8_K", {256, 292}},   {16, "IQ2_XXS", {256, 66}},
    {17, "IQ2_XS", {256, 74}},  {18, "IQ3_XXS", {256, 98}}, {19, "IQ1_S", {256, 50}},
    {20, "IQ4_NL", {32, 18}},   {21, "IQ3_S", {256, 110}},  {22, "IQ2_S", {256, 82}},
    {23, "IQ4_XS", {256, 136}}, {24, "I8", {1, 1}},         {25, "I16", {1, 2}},
    {26, "I32", {1, 4}},        {27, "I64", {1, 8}},        {28, "F64", {1, 8}},
    {29, "IQ1_M", {256, 56}},   {30, "BF16", {1, 2}},       {34, "TQ1_0", {256, 54}},
    {35, "TQ2_0", {256, 66}},   {39, "MXFP4", {32, 17}}};

const TypeRow* row_of(GgufTensorType type) {
  for (const TypeRow& row : kTypes) {
    if (row.number == static_cast<std::uint32_t>(type)) return &row;
  }
  return nullptr;
}

}  // namespace

std::string gguf_type_name(GgufTensorType type) {
  const TypeRow* row = row_of(type);
  return row != nullptr ? row->name : std::to_string(static_cast<std::uint32_t>(type));
}

std::optional<GgufBlock> gguf_block(GgufTensorType type) {
  const TypeRow* row = row_of(type);
  if (row == nullptr) return std::nullopt;
  return row->block;
}

Result<std::uint64_t> gguf_bytes(GgufTensorType type, std::span<const std::uint64_t> shape) {
  const std::optional<GgufBlock> block = gguf_block(type);
  if (!block) {
    return Error{ErrorCode::unsupported,
                 "tensor type " + gguf_type_name(type) + " has an unknown size"};
  }
  const std::uint64_t row = shape.empty() ? 1 : shape.back();
  if (row % block->values != 0) {
    return Error{ErrorCode::invalid_argument,
                 "rows of " + std::to_string(row) + " values are no multiple of the " +
                     std::to_string(block->values) + " that " + gguf_type_name(type) + " needs"};
  }
  std::uint64_t bytes = row / block->values;
  bool fits = !__builtin_mul_overflow(bytes, block->bytes, &bytes);
  for (std::size_t i = 0; fits && i + 1 < shape.size(); ++i) {
    fits = !__builtin_mul_overflow(bytes, shape[i], &bytes);
  }
  if (fits) return bytes;
  return Error{ErrorCode::invalid_argument, "its size does not fit into 64 bits"};
}

}  // namespace liquid::formats
