#include "formats/safetensors_reader.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <utility>

#include "base/file.h"
#include "formats/mapped_file.h"

// <stem>.safetensors.index.json = { "metadata": …, "weight_map": { tensor: file, … } }
//
// The files lie in the folder of the index.

namespace liquid::formats {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t kMaxIndexBytes = 256U << 20;

/// Which file each tensor is said to be in.
using WeightMap = std::vector<std::pair<std::string, std::string>>;

Error corrupt(const fs::path& file, const std::string& message) {
  return {ErrorCode::data_corrupt, file.string() + ": " + message};
}

bool plain_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

Result<WeightMap> read_index(const fs::path& file) {
  const Result<std::string> text = read_file(file, kMaxIndexBytes);
  if (!text) return text.error();
  json::error_code problem;
  const json::value root = json::parse(*text, problem);
  const json::object* object = problem ? nullptr : root.if_object();
  const json::value* map = object == nullptr ? nullptr : object->if_contains("weight_map");
  if (map == nullptr || !map->is_object()) {
    return corrupt(file, "has no object \"weight_map\"");
  }
  WeightMap entries;
  for (const auto& [tensor, shard] : map->get_object()) {
    std::string name = shard.is_string() ? std::string(shard.get_string()) : std::string();
    if (!plain_file_name(name)) {
      return corrupt(file, "tensor '" + std::string(tensor) + "' is in no file of this folder");
    }
    entries.emplace_back(std::string(tensor), std::move(name));
  }
  return entries;
}

}  // namespace

SafetensorsFile::SafetensorsFile(fs::path path, SafetensorsImage image,
                                 std::unique_ptr<MappedFile> mapping)
    : path_(std::move(path)),
      header_(std::move(image.header)),
      mapping_(std::move(mapping)),
      data_at_(image.data_at) {
  for (std::size_t i = 0; i < header_.tensors.size(); ++i) {
    by_name_.emplace(header_.tensors[i].name, i);
  }
}

SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;
SafetensorsFile& SafetensorsFile::operator=(SafetensorsFile&&) noexcept = default;
SafetensorsFile::~SafetensorsFile() = default;

Result<SafetensorsFile> SafetensorsFile::open(const fs::path& file) {
  Result<std::unique_ptr<MappedFile>> mapping = MappedFile::open(file);
  if (!mapping) return std::move(mapping).error();
  Result<SafetensorsImage> image = parse_safetensors((*mapping)->bytes());
  if (!image) return std::move(image).error().with_context(file.string());
  return SafetensorsFile(file, *std::move(image), *std::move(mapping));
}

Result<TensorView> SafetensorsFile::tensor(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    return Error{ErrorCode::not_found,
                 path_.string() + ": has no tensor '" + std::string(name) + "'"};
  }
  const TensorEntry& entry = header_.tensors[found->second];
  return TensorView{&entry,
                    mapping_->bytes().subspan(data_at_ + entry.begin, entry.end - entry.begin)};
}

void SafetensorsFile::forget(const TensorView& view) const { mapping_->forget(view.bytes); }

Result<TensorFolder> TensorFolder::open(const fs::path& folder, std::string_view stem) {
  TensorFolder opened;
  opened.folder_ = folder;
  const fs::path single = folder / (std::string(stem) + ".safetensors");
  const fs::path index = folder / (std::string(stem) + ".safetensors.index.json");
  std::error_code ignored;
  if (fs::exists(single, ignored)) {
    Result<SafetensorsFile> file = SafetensorsFile::open(single);
    if (!file) return std::move(file).error();
    if (Result<void> taken = opened.adopt(*std::move(file)); !taken) {
      return std::move(taken).error();
    }
  } else if (fs::exists(index, ignored)) {
    if (Result<void> read = opened.adopt_shards(index); !read) return std::move(read).error();
  } else {
    return Error{ErrorCode::not_found, folder.string() + ": has neither " +
                                           single.filename().string() + " nor " +
                                           index.filename().string()};
  }
  std::sort(opened.tensors_.begin(), opened.tensors_.end(),
            [](const TensorEntry& a, const TensorEntry& b) { return a.name < b.name; });
  return opened;
}

Result<void> TensorFolder::adopt_shards(const fs::path& index) {
  const Result<WeightMap> map = read_index(index);
  if (!map) return map.error();
  std::set<std::string> names;
  for (const auto& [tensor, shard] : *map) names.insert(shard);
  for (const std::string& name : names) {
    Result<SafetensorsFile> file = SafetensorsFile::open(folder_ / name);
    if (!file) return std::move(file).error();
    if (Result<void> taken = adopt(*std::move(file)); !taken) return taken;
  }
  for (const auto& [tensor, shard] : *map) {
    const auto found = file_of_.find(tensor);
    if (found == file_of_.end() || files_[found->second].path().filename() != shard) {
      return corrupt(folder_ / shard, "has no tensor '" + tensor + "', which " +
                                          index.filename().string() + " says it has");
    }
  }
  return {};
}

Result<void> TensorFolder::adopt(SafetensorsFile file) {
  for (const TensorEntry& entry : file.tensors()) {
    if (!file_of_.emplace(entry.name, files_.size()).second) {
      return corrupt(file.path(), "tensor '" + entry.name + "' lies in another shard too");
    }
    tensors_.push_back(entry);
  }
  files_.push_back(std::move(file));
  return {};
}

Result<TensorView> TensorFolder::tensor(std::string_view name) const {
  const auto found = file_of_.find(name);
  if (found == file_of_.end()) {
    return Error{ErrorCode::not_found,
                 folder_.string() + ": has no tensor '" + std::string(name) + "'"};
  }
  return files_[found->second].tensor(name);
}

void TensorFolder::forget(const TensorView& view) const {
  if (view.entry == nullptr) return;
  const auto found = file_of_.find(view.entry->name);
  if (found != file_of_.end()) files_[found->second].forget(view);
}

std::uint64_t TensorFolder::total_bytes() const {
  std::uint64_t total = 0;
  for (const TensorEntry& entry : tensors_) total += entry.end - entry.begin;
  return total;
}

}  // namespace liquid::formats
