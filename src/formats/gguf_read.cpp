#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <type_traits>
#include <utility>

#include "formats/gguf.h"
#include "formats/gguf_types.h"
#include "formats/mapped_file.h"
#include "formats/numbers.h"

// GGUF, little-endian:
//
//   file   = "GGUF" version:u32 tensors:u64 pairs:u64  pair[pairs]  tensor[tensors]  pad  data
//   pair   = key:text type:u32 value
//   text   = length:u64 bytes[length]
//   value  = a number of the type | text | element type:u32 count:u64 value[count]
//   tensor = name:text dimensions:u32 length:u64[dimensions] type:u32 offset:u64
//
// Value types: 0 u8, 1 i8, 2 u16, 3 i16, 4 u32, 5 i32, 6 f32, 7 bool (one byte, 0 or 1), 8 text,
// 9 array, 10 u64, 11 i64, 12 f64: the order of GgufValue's alternatives. Lengths of a tensor stand
// fastest first. Data and every tensor in it begin at multiples of general.alignment (u32, 32 when
// absent); offsets count from the start of the data.

namespace liquid::formats {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint32_t kMaxDimensions = 4;  // ggml's own limit
constexpr int kMaxArrayDepth = 4;
constexpr std::uint64_t kMaxNameBytes = 65535;

Error corrupt(std::string message) { return {ErrorCode::data_corrupt, std::move(message)}; }

/// Takes values off the front. After the first failure everything is empty and `failed` stays.
class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::uint64_t at() const { return at_; }
  bool failed() const { return failed_; }
  std::uint64_t left() const { return bytes_.size() - at_; }

  template <typename T>
  T number() {
    T value{};
    const std::span<const std::byte> raw = take(sizeof(T));
    if (raw.size() == sizeof(T)) std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }

  std::string text() {
    const std::span<const std::byte> raw = take(number<std::uint64_t>());
    return {reinterpret_cast<const char*>(raw.data()), raw.size()};
  }

  void fail() { failed_ = true; }

 private:
  std::span<const std::byte> take(std::uint64_t count) {
    if (failed_ || count > left()) {
      failed_ = true;
      return {};
    }
    const std::span<const std::byte> taken = bytes_.subspan(at_, count);
    at_ += count;
    return taken;
  }

  std::span<const std::byte> bytes_;
  std::uint64_t at_ = 0;
  bool failed_ = false;
};

GgufArray read_array(Cursor& cursor, int depth);

template <typename T>
T read_one(Cursor& cursor, int depth) {
  if constexpr (std::is_same_v<T, bool>) {
    const auto byte = cursor.number<std::uint8_t>();
    if (byte > 1) cursor.fail();
    return byte == 1;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return cursor.text();
  } else if constexpr (std::is_same_v<T, GgufArray>) {
    return read_array(cursor, depth + 1);
  } else {
    return cursor.number<T>();
  }
}

/// The least number of bytes an element takes: bounds a count before memory is asked for.
template <typename T>
constexpr std::uint64_t least_bytes() {
  if constexpr (std::is_same_v<T, std::string>) return 8;
  if constexpr (std::is_same_v<T, GgufArray>) return 12;
  if constexpr (std::is_same_v<T, bool>) return 1;
  return sizeof(T);
}

template <typename T>
std::vector<T> read_items(Cursor& cursor, std::uint64_t count, int depth) {
  std::vector<T> items;
  if (count > cursor.left() / least_bytes<T>()) {
    cursor.fail();
    return items;
  }
  items.reserve(count);
  for (std::uint64_t i = 0; i < count && !cursor.failed(); ++i) {
    items.push_back(read_one<T>(cursor, depth));
  }
  return items;
}

/// Calls `visit` with the type that this number stands for; false for a number of no type.
template <std::size_t I = 0, typename Visit>
bool with_value_type(std::uint32_t number, Visit visit) {
  if constexpr (I < std::variant_size_v<GgufValue>) {
    if (number == I) {
      visit(std::type_identity<std::variant_alternative_t<I, GgufValue>>{});
      return true;
    }
    return with_value_type<I + 1>(number, visit);
  }
  return false;
}

GgufArray read_array(Cursor& cursor, int depth) {
  GgufArray array;
  const auto type = cursor.number<std::uint32_t>();
  const auto count = cursor.number<std::uint64_t>();
  const bool known = depth <= kMaxArrayDepth && with_value_type(type, [&](auto tag) {
                       using T = typename decltype(tag)::type;
                       array.items = read_items<T>(cursor, count, depth);
                     });
  if (!known) cursor.fail();
  return array;
}

Result<GgufMetadata> read_metadata(Cursor& cursor, std::uint64_t count) {
  GgufMetadata metadata;
  std::set<std::string> keys;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string key = cursor.text();
    const auto type = cursor.number<std::uint32_t>();
    const bool known = with_value_type(type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      metadata.emplace_back(key, GgufValue(std::in_place_type<T>, read_one<T>(cursor, 0)));
    });
    if (!known || cursor.failed()) {
      return corrupt("the value of key '" + key.substr(0, 100) + "' (number " +
                     std::to_string(i + 1) + " of " + std::to_string(count) + ") is cut or broken");
    }
    if (!keys.insert(key).second) return corrupt("key '" + key.substr(0, 100) + "' stands twice");
  }
  return metadata;
}

Result<GgufTensor> read_tensor(Cursor& cursor) {
  GgufTensor tensor;
  tensor.name = cursor.text();
  const std::string subject = "tensor '" + tensor.name.substr(0, 100) + "'";
  const auto dimensions = cursor.number<std::uint32_t>();
  if (cursor.failed() || dimensions > kMaxDimensions || tensor.name.size() > kMaxNameBytes) {
    return corrupt("the list of tensors is cut or broken at " + subject);
  }
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    tensor.shape.push_back(cursor.number<std::uint64_t>());
  }
  std::reverse(tensor.shape.begin(), tensor.shape.end());
  tensor.type = GgufTensorType{cursor.number<std::uint32_t>()};
  tensor.offset = cursor.number<std::uint64_t>();
  if (cursor.failed()) return corrupt("the list of tensors is cut at " + subject);
  const Result<std::uint64_t> bytes = gguf_bytes(tensor.type, tensor.shape);
  if (!bytes) return Error(bytes.error()).with_context(subject);
  tensor.bytes = *bytes;
  return tensor;
}

/// general.alignment, or nothing when it is no power of two.
std::optional<std::uint32_t> alignment_of(const GgufMetadata& metadata) {
  for (const auto& [key, value] : metadata) {
    if (key != "general.alignment") continue;
    const auto* number = std::get_if<std::uint32_t>(&value);
    if (number == nullptr || !std::has_single_bit(*number)) return std::nullopt;
    return *number;
  }
  return 32;
}

Result<void> check_places(const GgufHeader& header, std::uint64_t file_bytes) {
  const std::uint64_t data_bytes = file_bytes - std::min(file_bytes, header.data_at);
  for (const GgufTensor& tensor : header.tensors) {
    if (tensor.offset % header.alignment != 0) {
      return corrupt("tensor '" + tensor.name + "' is not aligned to " +
                     std::to_string(header.alignment) + " bytes");
    }
    if (tensor.offset > data_bytes || tensor.bytes > data_bytes - tensor.offset) {
      return corrupt("tensor '" + tensor.name + "' ends behind the end of the file");
    }
  }
  return {};
}

Result<std::pair<std::uint64_t, std::uint64_t>> read_counts(Cursor& cursor) {
  const auto magic = cursor.number<std::uint32_t>();
  const auto version = cursor.number<std::uint32_t>();
  if (cursor.failed() || magic != 0x46554747) return corrupt("is no GGUF file");
  if (version != 2 && version != 3) {
    const bool swapped = version == 0x0200'0000 || version == 0x0300'0000;
    return Error{ErrorCode::unsupported, swapped ? "is a big-endian GGUF file"
                                                 : "has GGUF version " + std::to_string(version) +
                                                       "; 2 and 3 are supported"};
  }
  const auto tensors = cursor.number<std::uint64_t>();
  const auto pairs = cursor.number<std::uint64_t>();
  if (cursor.failed()) return corrupt("was cut short");
  return std::pair(tensors, pairs);
}

}  // namespace

// By hand: clang 14 crashes on a defaulted comparison of a type that holds itself.
bool GgufArray::operator==(const GgufArray& other) const {
  return std::visit(
      [&other](const auto& held) {
        const auto* theirs = std::get_if<std::decay_t<decltype(held)>>(&other.items);
        return theirs != nullptr && held == *theirs;
      },
      items);
}

Result<GgufHeader> parse_gguf(std::span<const std::byte> file) {
  Cursor cursor(file);
  const auto counts = read_counts(cursor);
  if (!counts) return counts.error();
  GgufHeader header;
  Result<GgufMetadata> metadata = read_metadata(cursor, counts->second);
  if (!metadata) return std::move(metadata).error();
  header.metadata = *std::move(metadata);
  const std::optional<std::uint32_t> alignment = alignment_of(header.metadata);
  if (!alignment) return corrupt("general.alignment is no power of two");
  header.alignment = *alignment;
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < counts->first; ++i) {
    Result<GgufTensor> tensor = read_tensor(cursor);
    if (!tensor) return std::move(tensor).error();
    if (!names.insert(tensor->name).second) {
      return corrupt("tensor '" + tensor->name + "' stands twice");
    }
    header.tensors.push_back(*std::move(tensor));
  }
  header.data_at = (cursor.at() + *alignment - 1) / *alignment * *alignment;
  if (Result<void> sound = check_places(header, file.size()); !sound) {
    return std::move(sound).error();
  }
  return header;
}

GgufFile::GgufFile(std::filesystem::path path, GgufHeader header,
                   std::unique_ptr<MappedFile> mapping)
    : path_(std::move(path)), header_(std::move(header)), mapping_(std::move(mapping)) {}
GgufFile::GgufFile(GgufFile&&) noexcept = default;
GgufFile& GgufFile::operator=(GgufFile&&) noexcept = default;
GgufFile::~GgufFile() = default;

Result<GgufFile> GgufFile::open(const std::filesystem::path& file) {
  Result<std::unique_ptr<MappedFile>> mapping = MappedFile::open(file);
  if (!mapping) return std::move(mapping).error();
  Result<GgufHeader> header = parse_gguf((*mapping)->bytes());
  if (!header) return std::move(header).error().with_context(file.string());
  return GgufFile(file, *std::move(header), *std::move(mapping));
}

const GgufValue* GgufFile::find(std::string_view key) const {
  for (const auto& [name, value] : header_.metadata) {
    if (name == key) return &value;
  }
  return nullptr;
}

const GgufTensor* GgufFile::find_tensor(std::string_view name) const {
  for (const GgufTensor& tensor : header_.tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

std::span<const std::byte> GgufFile::bytes(const GgufTensor& tensor) const {
  if (tensor.bytes == 0) return {};
  return mapping_->bytes().subspan(header_.data_at + tensor.offset, tensor.bytes);
}

Result<std::vector<float>> GgufFile::values(const GgufTensor& tensor) const {
  std::uint64_t count = 1;
  for (const std::uint64_t length : tensor.shape) count *= length;
  const std::string type = gguf_type_name(tensor.type);
  std::vector<float> values(tensor.bytes == 0 ? 0 : count);
  if (tensor.type == GgufTensorType::q8_0) {
    dequantize_q8_0(bytes(tensor), values);
    return values;
  }
  Result<void> widened = widen_to_f32(type, bytes(tensor), values);
  if (!widened) {
    return Error{ErrorCode::unsupported, path_.string() + ": tensor '" + tensor.name +
                                             "' has type " + type + ", which is not read here"};
  }
  return values;
}

}  // namespace liquid::formats
