#include "formats/safetensors_writer.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/file.h"
#include "formats/numbers.h"
#include "formats/python_json.h"
#include "formats/streamed_file.h"

// The grammar stands in safetensors.cpp. Of what it leaves open: wider types come first, so that
// every tensor is aligned to its own type, and the header is padded to a multiple of eight bytes.

namespace liquid::formats {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct Place {
  std::uint64_t begin = 0;  ///< from the start of the data
  std::uint64_t size = 0;
  std::uint64_t written = 0;
};

Error invalid(const std::string& message) { return {ErrorCode::invalid_argument, message}; }

Result<std::uint64_t> size_of(const TensorPlan& tensor) {
  const std::optional<std::uint64_t> bits = dtype_bits(tensor.dtype);
  if (!bits) {
    return invalid("tensor '" + tensor.name + "' has the unknown dtype '" + tensor.dtype + "'");
  }
  std::uint64_t size = *bits;
  for (const std::uint64_t length : tensor.shape) {
    if (__builtin_mul_overflow(size, length, &size)) {
      return invalid("tensor '" + tensor.name + "' is larger than any file");
    }
  }
  if (size % 8 != 0) return invalid("tensor '" + tensor.name + "' ends within a byte");
  return size / 8;
}

std::string header_text(const std::vector<TensorPlan>& tensors,
                        const std::map<std::string, Place, std::less<>>& places,
                        const TensorMetadata& metadata) {
  json::object root;
  if (!metadata.empty()) {
    json::object& texts = root["__metadata__"].emplace_object();
    for (const auto& [key, text] : metadata) texts[key] = text;
  }
  for (const TensorPlan& tensor : tensors) {
    const Place& place = places.at(tensor.name);
    json::object& entry = root[tensor.name].emplace_object();
    entry["dtype"] = tensor.dtype;
    entry["shape"] = json::array(tensor.shape.begin(), tensor.shape.end());
    entry["data_offsets"] = {place.begin, place.begin + place.size};
  }
  std::string text = json::serialize(root);
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

std::string shard_name(const std::string& stem, std::size_t number, std::size_t count) {
  char numbers[64];
  std::snprintf(numbers, sizeof(numbers), "-%05zu-of-%05zu.safetensors", number, count);
  return stem + numbers;
}

/// Whether this is a file that a writer of the same stem left: the single one, a shard, the index.
bool of_stem(const std::string& name, const std::string& stem) {
  if (name == stem + ".safetensors" || name == stem + ".safetensors.index.json") return true;
  const std::string_view pattern = "-00000-of-00000.safetensors";
  if (name.size() != stem.size() + pattern.size() || !name.starts_with(stem)) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char letter = name[stem.size() + i];
    const bool fits = pattern[i] == '0' ? letter >= '0' && letter <= '9' : letter == pattern[i];
    if (!fits) return false;
  }
  return true;
}

}  // namespace

struct SafetensorsWriter::State {
  fs::path file;
  std::map<std::string, Place, std::less<>> places;
  std::unique_ptr<StreamedFile> stream;
  std::uint64_t data_at = 0;

  Result<std::uint64_t> lay_out(const std::vector<TensorPlan>& tensors) {
    std::uint64_t at = 0;
    for (const TensorPlan& tensor : tensors) {
      const Result<std::uint64_t> size = size_of(tensor);
      if (!size) return size.error();
      if (tensor.name == "__metadata__" ||
          !places.emplace(tensor.name, Place{at, *size, 0}).second) {
        return invalid("tensor '" + tensor.name + "' stands twice, or is a reserved name");
      }
      if (__builtin_add_overflow(at, *size, &at)) return invalid("larger than any file");
    }
    return at;
  }
};

SafetensorsWriter::SafetensorsWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
SafetensorsWriter::SafetensorsWriter(SafetensorsWriter&&) noexcept = default;
SafetensorsWriter& SafetensorsWriter::operator=(SafetensorsWriter&&) noexcept = default;
SafetensorsWriter::~SafetensorsWriter() = default;

Result<SafetensorsWriter> SafetensorsWriter::create(const fs::path& file,
                                                    std::vector<TensorPlan> tensors,
                                                    const TensorMetadata& metadata) {
  std::stable_sort(tensors.begin(), tensors.end(), [](const TensorPlan& a, const TensorPlan& b) {
    return dtype_bits(a.dtype).value_or(0) > dtype_bits(b.dtype).value_or(0);
  });
  auto state = std::make_unique<State>();
  state->file = file;
  const Result<std::uint64_t> data_bytes = state->lay_out(tensors);
  if (!data_bytes) return Error(data_bytes.error()).with_context(file.string());
  const std::string header = header_text(tensors, state->places, metadata);
  const std::uint64_t length = header.size();
  state->data_at = sizeof(length) + length;
  Result<std::unique_ptr<StreamedFile>> stream =
      StreamedFile::create(file, state->data_at + *data_bytes);
  if (!stream) return std::move(stream).error();
  state->stream = *std::move(stream);
  std::string front(sizeof(length), '\0');
  std::memcpy(front.data(), &length, sizeof(length));
  front += header;
  if (Result<void> written = state->stream->write_at(0, std::as_bytes(std::span(front)));
      !written) {
    return std::move(written).error();
  }
  return SafetensorsWriter(std::move(state));
}

Result<void> SafetensorsWriter::write(std::string_view name, std::span<const std::byte> bytes) {
  const auto found = state_->places.find(name);
  if (found == state_->places.end()) {
    return Error{ErrorCode::not_found,
                 state_->file.string() + ": no tensor '" + std::string(name) + "' was planned"};
  }
  Place& place = found->second;
  if (bytes.size() > place.size - place.written) {
    return invalid(state_->file.string() + ": tensor '" + std::string(name) + "' has " +
                   std::to_string(place.size) + " bytes, more were written");
  }
  const std::uint64_t at = state_->data_at + place.begin + place.written;
  if (Result<void> written = state_->stream->write_at(at, bytes); !written) return written;
  place.written += bytes.size();
  return {};
}

Result<void> SafetensorsWriter::finish() {
  for (const auto& [name, place] : state_->places) {
    if (place.written == place.size) continue;
    return Error{ErrorCode::invalid_state, state_->file.string() + ": of tensor '" + name +
                                               "' only " + std::to_string(place.written) + " of " +
                                               std::to_string(place.size) + " bytes were written"};
  }
  return state_->stream->commit();
}

struct TensorFolderWriter::State {
  fs::path folder;
  ShardOptions options;
  std::vector<std::string> names;  ///< of the files
  std::vector<SafetensorsWriter> files;
  std::map<std::string, std::size_t, std::less<>> file_of;
  std::uint64_t total = 0;

  bool sharded() const { return names.size() > 1; }

  Result<std::vector<std::vector<TensorPlan>>> split(std::vector<TensorPlan> tensors) {
    std::vector<std::vector<TensorPlan>> shards(1);
    std::uint64_t filled = 0;
    for (TensorPlan& tensor : tensors) {
      const Result<std::uint64_t> size = size_of(tensor);
      if (!size) return size.error();
      if (!shards.back().empty() && *size > options.max_shard_bytes - filled) {
        shards.emplace_back();
        filled = 0;
      }
      filled = std::min(options.max_shard_bytes, filled + *size);
      total += *size;
      shards.back().push_back(std::move(tensor));
    }
    return shards;
  }

  std::string index_text() const {
    json::object root;
    root["metadata"] = {{"total_size", total}};
    json::object& map = root["weight_map"].emplace_object();
    for (const auto& [tensor, file] : file_of) map[tensor] = names[file];
    return python_json(json::serialize(root)) + "\n";
  }

  void remove_other_form() const {
    std::set<std::string> kept(names.begin(), names.end());
    if (sharded()) kept.insert(options.stem + ".safetensors.index.json");
    std::error_code ignored;
    std::vector<fs::path> stale;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
      const std::string name = entry.path().filename().string();
      if (of_stem(name, options.stem) && !kept.contains(name)) stale.push_back(entry.path());
    }
    for (const fs::path& path : stale) fs::remove(path, ignored);
  }
};

TensorFolderWriter::TensorFolderWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
TensorFolderWriter::TensorFolderWriter(TensorFolderWriter&&) noexcept = default;
TensorFolderWriter& TensorFolderWriter::operator=(TensorFolderWriter&&) noexcept = default;
TensorFolderWriter::~TensorFolderWriter() = default;

Result<TensorFolderWriter> TensorFolderWriter::create(const fs::path& folder,
                                                      std::vector<TensorPlan> tensors,
                                                      ShardOptions options) {
  auto state = std::make_unique<State>();
  state->folder = folder;
  state->options = std::move(options);
  Result<std::vector<std::vector<TensorPlan>>> shards = state->split(std::move(tensors));
  if (!shards) return std::move(shards).error().with_context(folder.string());
  for (std::size_t i = 0; i < shards->size(); ++i) {
    state->names.push_back(shards->size() == 1
                               ? state->options.stem + ".safetensors"
                               : shard_name(state->options.stem, i + 1, shards->size()));
    for (const TensorPlan& tensor : (*shards)[i]) {
      if (!state->file_of.emplace(tensor.name, i).second) {
        return invalid(folder.string() + ": tensor '" + tensor.name + "' stands twice");
      }
    }
    Result<SafetensorsWriter> file = SafetensorsWriter::create(
        folder / state->names.back(), std::move((*shards)[i]), state->options.metadata);
    if (!file) return std::move(file).error();
    state->files.push_back(*std::move(file));
  }
  return TensorFolderWriter(std::move(state));
}

Result<void> TensorFolderWriter::write(std::string_view name, std::span<const std::byte> bytes) {
  const auto found = state_->file_of.find(name);
  if (found == state_->file_of.end()) {
    return Error{ErrorCode::not_found,
                 state_->folder.string() + ": no tensor '" + std::string(name) + "' was planned"};
  }
  return state_->files[found->second].write(name, bytes);
}

Result<void> TensorFolderWriter::finish() {
  for (SafetensorsWriter& file : state_->files) {
    if (Result<void> done = file.finish(); !done) return done;
  }
  if (state_->sharded()) {
    const fs::path index = state_->folder / (state_->options.stem + ".safetensors.index.json");
    if (Result<void> written = write_file_atomically(index, state_->index_text()); !written) {
      return written;
    }
  }
  state_->remove_other_form();
  return {};
}

}  // namespace liquid::formats
