#include <algorithm>
#include <charconv>

#include "train/checkpoint.h"
#include "train/durable_folder.h"

namespace liquid::train {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "checkpoint-";

std::optional<std::int64_t> step_of(const std::string& name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  std::int64_t step = 0;
  const char* end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + kPrefix.size(), end, step);
  if (read.ec != std::errc() || read.ptr != end || step < 0) return std::nullopt;
  return step;
}

}  // namespace

std::vector<CheckpointFolder> list_checkpoints(const fs::path& output_dir) {
  std::vector<CheckpointFolder> found;
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(output_dir, failure)) {
    std::error_code ignored;
    const auto step = step_of(entry.path().filename().string());
    if (step && entry.is_directory(ignored)) found.push_back({*step, entry.path()});
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.step < b.step; });
  return found;
}

Result<void> remove_leftovers(const fs::path& output_dir) {
  return DurableFolder::remove_leftovers(output_dir);
}

Result<void> remove_checkpoint(const fs::path& folder) { return DurableFolder::remove(folder); }

}  // namespace liquid::train
