#include "formats/safetensors.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <system_error>

#include "formats/numbers.h"

// safetensors = size:u64le header:JSON[size] data
//
//   header = { "__metadata__"?: { text: text, … },
//              name: { "dtype": D, "shape": [n, …], "data_offsets": [begin, end] }, … } blanks
//
// Offsets count from the start of data; the tensors fill it without gap or overlap, and
// product(shape) · bits(D) = 8 · (end − begin).

namespace liquid::formats {
namespace {

namespace json = boost::json;

/// The limit of the format's own library.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kPrefixBytes = 8;

Error corrupt(std::string message) { return {ErrorCode::data_corrupt, std::move(message)}; }

std::optional<std::uint64_t> as_count(const json::value& value) {
  if (const auto* number = value.if_int64(); number != nullptr && *number >= 0) {
    return static_cast<std::uint64_t>(*number);
  }
  if (const auto* number = value.if_uint64()) return *number;
  return std::nullopt;
}

std::optional<std::vector<std::uint64_t>> counts_of(const json::value* value) {
  const json::array* array = value == nullptr ? nullptr : value->if_array();
  if (array == nullptr) return std::nullopt;
  std::vector<std::uint64_t> counts;
  for (const json::value& item : *array) {
    const std::optional<std::uint64_t> count = as_count(item);
    if (!count) return std::nullopt;
    counts.push_back(*count);
  }
  return counts;
}

/// shape · bits in bits, or nothing when it does not fit.
std::optional<std::uint64_t> size_in_bits(const TensorEntry& tensor) {
  std::uint64_t size = dtype_bits(tensor.dtype).value_or(0);
  for (const std::uint64_t length : tensor.shape) {
    if (__builtin_mul_overflow(size, length, &size)) return std::nullopt;
  }
  return size;
}

Result<TensorEntry> read_tensor(std::string_view name, const json::value& value) {
  const std::string subject = "tensor '" + std::string(name) + "'";
  const json::object* object = value.if_object();
  if (object == nullptr) return corrupt(subject + " is described by no object");
  TensorEntry tensor{.name = std::string(name), .dtype = {}, .shape = {}};
  const json::value* dtype = object->if_contains("dtype");
  if (dtype == nullptr || !dtype->is_string()) return corrupt(subject + " has no dtype");
  tensor.dtype = std::string(dtype->get_string());
  if (!dtype_bits(tensor.dtype)) {
    return corrupt(subject + " has the unknown dtype '" + tensor.dtype + "'");
  }
  std::optional<std::vector<std::uint64_t>> shape = counts_of(object->if_contains("shape"));
  if (!shape) return corrupt(subject + " has no shape");
  tensor.shape = *std::move(shape);
  const auto offsets = counts_of(object->if_contains("data_offsets"));
  if (!offsets || offsets->size() != 2 || (*offsets)[0] > (*offsets)[1]) {
    return corrupt(subject + " has no data_offsets [begin, end]");
  }
  tensor.begin = (*offsets)[0];
  tensor.end = (*offsets)[1];
  const std::uint64_t bytes = tensor.end - tensor.begin;
  if (bytes > UINT64_MAX / 8 || size_in_bits(tensor) != bytes * 8) {
    return corrupt(subject + " has " + std::to_string(bytes) +
                   " bytes, which its shape and dtype " + tensor.dtype + " do not give");
  }
  return tensor;
}

/// The length that the file's first eight bytes give, or nothing when the file has not that many.
std::optional<std::uint64_t> header_length(std::span<const std::byte, kPrefixBytes> prefix,
                                           std::uint64_t file_bytes) {
  std::uint64_t length = 0;
  for (std::size_t i = prefix.size(); i-- > 0;) {
    length = length << 8 | std::to_integer<std::uint64_t>(prefix[i]);
  }
  if (length > kMaxHeaderBytes || length > file_bytes - kPrefixBytes) return std::nullopt;
  return length;
}

Result<void> read_metadata(const json::value& value, SafetensorsHeader& header) {
  const json::object* object = value.if_object();
  if (object == nullptr) return corrupt("__metadata__ is no object");
  for (const auto& [key, text] : *object) {
    if (!text.is_string()) return corrupt("__metadata__ holds something that is no text");
    header.metadata.emplace_back(std::string(key), std::string(text.get_string()));
  }
  return {};
}

Result<void> check_no_gaps(const SafetensorsHeader& header, std::uint64_t data_bytes) {
  std::uint64_t at = 0;
  for (const TensorEntry& tensor : header.tensors) {
    if (tensor.begin != at) {
      return corrupt("tensor '" + tensor.name + "' begins at byte " + std::to_string(tensor.begin) +
                     " of the data, " + std::to_string(at) + " was expected");
    }
    at = tensor.end;
  }
  if (at == data_bytes) return {};
  return corrupt("its tensors take " + std::to_string(at) + " bytes, the file has " +
                 std::to_string(data_bytes));
}

}  // namespace

Result<SafetensorsHeader> parse_safetensors_header(std::string_view text,
                                                   std::uint64_t data_bytes) {
  json::error_code problem;
  json::parse_options options;
  options.max_depth = 8;
  const json::value root = json::parse(text, problem, {}, options);
  const json::object* object = problem ? nullptr : root.if_object();
  if (object == nullptr) return corrupt("its header is not the JSON of a safetensors file");
  SafetensorsHeader header;
  for (const auto& [name, value] : *object) {
    if (name == "__metadata__") {
      if (Result<void> read = read_metadata(value, header); !read) return std::move(read).error();
      continue;
    }
    Result<TensorEntry> tensor = read_tensor(name, value);
    if (!tensor) return std::move(tensor).error();
    header.tensors.push_back(*std::move(tensor));
  }
  std::sort(header.tensors.begin(), header.tensors.end(),
            [](const TensorEntry& a, const TensorEntry& b) {
              return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
            });
  if (Result<void> whole = check_no_gaps(header, data_bytes); !whole) {
    return std::move(whole).error();
  }
  return header;
}

Result<SafetensorsImage> parse_safetensors(std::span<const std::byte> file) {
  const std::optional<std::uint64_t> length =
      file.size() < kPrefixBytes ? std::nullopt
                                 : header_length(file.first<kPrefixBytes>(), file.size());
  if (!length) return corrupt("is no safetensors file, or was cut short");
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + kPrefixBytes, *length);
  const std::uint64_t data_at = kPrefixBytes + *length;
  Result<SafetensorsHeader> header = parse_safetensors_header(text, file.size() - data_at);
  if (!header) return std::move(header).error();
  return SafetensorsImage{*std::move(header), data_at};
}

Result<SafetensorsHeader> read_safetensors_header(const std::filesystem::path& file) {
  std::error_code failure;
  const std::uint64_t size = std::filesystem::file_size(file, failure);
  if (failure == std::errc::no_such_file_or_directory) {
    return Error{ErrorCode::not_found, file.string() + " does not exist"};
  }
  if (failure) return Error{ErrorCode::unavailable, file.string() + ": " + failure.message()};
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return Error{ErrorCode::permission_denied, file.string() + " cannot be read"};
  std::array<std::byte, kPrefixBytes> prefix{};
  stream.read(reinterpret_cast<char*>(prefix.data()), prefix.size());
  const std::optional<std::uint64_t> header_bytes =
      stream ? header_length(prefix, size) : std::nullopt;
  if (!header_bytes) {
    return corrupt(file.string() + " is no safetensors file, or was cut short");
  }
  std::string text(*header_bytes, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream) return Error{ErrorCode::unavailable, file.string() + " cannot be read to its end"};
  Result<SafetensorsHeader> header =
      parse_safetensors_header(text, size - prefix.size() - *header_bytes);
  if (!header) return std::move(header).error().with_context(file.string());
  return header;
}

}  // namespace liquid::formats
