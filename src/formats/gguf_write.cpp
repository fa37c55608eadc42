#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <set>
#include <type_traits>
#include <utility>

#include "formats/gguf.h"
#include "formats/gguf_types.h"
#include "formats/numbers.h"
#include "formats/streamed_file.h"

// The grammar stands in gguf_read.cpp. Version 3 is written, tensors in the order of the plan.

namespace liquid::formats {
namespace {

constexpr std::uint32_t kVersion = 3;
constexpr std::size_t kMaxDimensions = 4;
/// Values that are converted at a time.
constexpr std::size_t kPiece = 1 << 16;

struct Place {
  GgufTensorType type = GgufTensorType::f32;
  std::uint64_t begin = 0;  ///< from the start of the data
  std::uint64_t size = 0;
  std::uint64_t written = 0;
};

class Bytes {
 public:
  template <typename T>
  void number(T value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    std::memcpy(bytes_.data() + at, &value, sizeof(T));
  }
  void text(std::string_view text) {
    number<std::uint64_t>(text.size());
    const auto raw = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }
  void pad_to(std::uint64_t alignment) {
    bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
  }
  std::span<const std::byte> view() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

void put(Bytes& out, const GgufArray& array);

template <typename T>
void put(Bytes& out, const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    out.text(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    out.number<std::uint8_t>(value ? 1 : 0);
  } else {
    out.number<T>(value);
  }
}

void put(Bytes& out, const GgufArray& array) {
  out.number(static_cast<std::uint32_t>(array.items.index()));
  std::visit(
      [&out](const auto& items) {
        out.number<std::uint64_t>(items.size());
        using T = typename std::decay_t<decltype(items)>::value_type;
        for (std::size_t i = 0; i < items.size(); ++i) put(out, static_cast<const T&>(items[i]));
      },
      array.items);
}

Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

Result<std::uint32_t> alignment_of(const GgufMetadata& metadata) {
  for (const auto& [key, value] : metadata) {
    if (key != "general.alignment") continue;
    const auto* number = std::get_if<std::uint32_t>(&value);
    if (number != nullptr && std::has_single_bit(*number) && *number >= 8) return *number;
    return invalid("general.alignment must be a u32 and a power of two from 8");
  }
  return 32U;
}

Result<void> check_keys(const GgufMetadata& metadata) {
  std::set<std::string_view> keys;
  for (const auto& [key, value] : metadata) {
    if (!keys.insert(key).second) return invalid("key '" + key + "' stands twice");
  }
  return {};
}

}  // namespace

struct GgufWriter::State {
  std::filesystem::path file;
  std::map<std::string, Place, std::less<>> places;
  std::unique_ptr<StreamedFile> stream;
  std::uint64_t data_at = 0;
  std::vector<std::byte> converted;

  Result<std::uint64_t> lay_out(const std::vector<GgufTensorPlan>& tensors,
                                std::uint64_t alignment) {
    std::uint64_t at = 0;
    for (const GgufTensorPlan& tensor : tensors) {
      const Result<std::uint64_t> size = gguf_bytes(tensor.type, tensor.shape);
      if (!size) return Error(size.error()).with_context("tensor '" + tensor.name + "'");
      if (tensor.shape.size() > kMaxDimensions) {
        return invalid("tensor '" + tensor.name + "' has more than four dimensions");
      }
      if (!places.emplace(tensor.name, Place{tensor.type, at, *size, 0}).second) {
        return invalid("tensor '" + tensor.name + "' stands twice");
      }
      at = (at + *size + alignment - 1) / alignment * alignment;
    }
    return at;
  }

  Result<Place*> find(std::string_view name) {
    const auto found = places.find(name);
    if (found != places.end()) return &found->second;
    return Error{ErrorCode::not_found,
                 file.string() + ": no tensor '" + std::string(name) + "' was planned"};
  }

  Result<void> append(std::string_view name, Place& place, std::span<const std::byte> bytes) {
    if (bytes.size() > place.size - place.written) {
      return invalid(file.string() + ": tensor '" + std::string(name) + "' has " +
                     std::to_string(place.size) + " bytes, more were written");
    }
    const std::uint64_t at = data_at + place.begin + place.written;
    if (Result<void> written = stream->write_at(at, bytes); !written) return written;
    place.written += bytes.size();
    return {};
  }

  Result<void> convert(GgufTensorType type, std::span<const float> values) {
    if (type == GgufTensorType::q8_0) {
      converted.resize(values.size() / kQ8Block * kQ8BlockBytes);
      quantize_q8_0(values, converted);
      return {};
    }
    const std::optional<GgufBlock> block = gguf_block(type);
    converted.resize(values.size() * block->bytes);
    return narrow_from_f32(values, gguf_type_name(type), converted);
  }
};

GgufWriter::GgufWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
GgufWriter::GgufWriter(GgufWriter&&) noexcept = default;
GgufWriter& GgufWriter::operator=(GgufWriter&&) noexcept = default;
GgufWriter::~GgufWriter() = default;

Result<GgufWriter> GgufWriter::create(const std::filesystem::path& file,
                                      const GgufMetadata& metadata,
                                      const std::vector<GgufTensorPlan>& tensors) {
  auto state = std::make_unique<State>();
  state->file = file;
  const Result<std::uint32_t> alignment = alignment_of(metadata);
  if (!alignment) return Error(alignment.error()).with_context(file.string());
  if (Result<void> keys = check_keys(metadata); !keys) {
    return std::move(keys).error().with_context(file.string());
  }
  const Result<std::uint64_t> data_bytes = state->lay_out(tensors, *alignment);
  if (!data_bytes) return Error(data_bytes.error()).with_context(file.string());
  Bytes head;
  for (const char letter : {'G', 'G', 'U', 'F'}) head.number(letter);
  head.number(kVersion);
  head.number<std::uint64_t>(tensors.size());
  head.number<std::uint64_t>(metadata.size());
  for (const auto& [key, value] : metadata) {
    head.text(key);
    head.number(static_cast<std::uint32_t>(value.index()));
    std::visit([&head](const auto& held) { put(head, held); }, value);
  }
  for (const GgufTensorPlan& tensor : tensors) {
    head.text(tensor.name);
    head.number(static_cast<std::uint32_t>(tensor.shape.size()));
    std::for_each(tensor.shape.rbegin(), tensor.shape.rend(),
                  [&head](std::uint64_t length) { head.number(length); });
    head.number(static_cast<std::uint32_t>(tensor.type));
    head.number(state->places.at(tensor.name).begin);
  }
  head.pad_to(*alignment);
  state->data_at = head.view().size();
  Result<std::unique_ptr<StreamedFile>> stream =
      StreamedFile::create(file, state->data_at + *data_bytes);
  if (!stream) return std::move(stream).error();
  state->stream = *std::move(stream);
  // The gaps between tensors are zeros: the file was reserved in its whole length.
  if (Result<void> written = state->stream->write_at(0, head.view()); !written) {
    return std::move(written).error();
  }
  return GgufWriter(std::move(state));
}

Result<void> GgufWriter::write(std::string_view name, std::span<const std::byte> bytes) {
  Result<Place*> place = state_->find(name);
  if (!place) return std::move(place).error();
  return state_->append(name, **place, bytes);
}

Result<void> GgufWriter::write_values(std::string_view name, std::span<const float> values) {
  Result<Place*> place = state_->find(name);
  if (!place) return std::move(place).error();
  if ((*place)->type == GgufTensorType::q8_0 && values.size() % kQ8Block != 0) {
    return invalid(state_->file.string() + ": tensor '" + std::string(name) +
                   "' is written in pieces that are no multiple of " + std::to_string(kQ8Block));
  }
  while (!values.empty()) {
    const std::span<const float> piece = values.first(std::min(values.size(), kPiece));
    if (Result<void> done = state_->convert((*place)->type, piece); !done) return done;
    if (Result<void> done = state_->append(name, **place, state_->converted); !done) return done;
    values = values.subspan(piece.size());
  }
  return {};
}

Result<void> GgufWriter::finish() {
  for (const auto& [name, place] : state_->places) {
    if (place.written == place.size) continue;
    return Error{ErrorCode::invalid_state, state_->file.string() + ": of tensor '" + name +
                                               "' only " + std::to_string(place.written) + " of " +
                                               std::to_string(place.size) + " bytes were written"};
  }
  return state_->stream->commit();
}

}  // namespace liquid::formats
