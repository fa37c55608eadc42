#include "train/data/raw_texts.h"

#include <algorithm>

#include "train/data/input_files.h"
#include "train/data/json_text.h"
#include "train/data/unpacked_file.h"

namespace liquid::train {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{2} << 30U;

/// Hands strings on and counts them.
class Collector {
 public:
  explicit Collector(const std::function<void(std::string_view)>& take) : take_(take) {}

  void text(std::string_view text) {
    if (text.empty()) return;
    ++counts_.texts;
    counts_.bytes += static_cast<std::int64_t>(text.size());
    take_(text);
  }

  void value(const JsonView& value) {
    switch (value.kind()) {
      case JsonKind::string: text(value.string()); return;
      case JsonKind::array:
        for (const JsonView& element : value.elements()) this->value(element);
        return;
      case JsonKind::object:
        for (const JsonView::Member& member : value.members()) this->value(member.value);
        return;
      case JsonKind::null:
      case JsonKind::boolean:
      case JsonKind::number: return;
    }
  }

  /// One JSON value, or one on each line.
  void rows(std::string_view content) {
    if (const auto whole = JsonView::parse(content); whole.value) return value(*whole.value);
    while (!content.empty()) {
      const std::string_view line = content.substr(0, content.find('\n'));
      content.remove_prefix(std::min(content.size(), line.size() + 1));
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      const auto row = JsonView::parse(line);
      if (row.value) value(*row.value);
      if (!row.value) ++counts_.unreadable_rows;
    }
  }

  RawTextCounts& counts() { return counts_; }

 private:
  const std::function<void(std::string_view)>& take_;
  RawTextCounts counts_;
};

}  // namespace

Result<RawTextCounts> for_each_text(const std::string& path_or_glob,
                                    const std::function<void(std::string_view)>& take) {
  const auto files = list_input_files(path_or_glob);
  if (!files) return files.error();
  Collector collector(take);
  for (const InputFile& file : files->used) {
    const auto content = read_unpacked(file.path, kMaxFileBytes);
    if (!content) return content.error();
    if (file.kind == FileKind::text) {
      collector.text(*content);
    } else {
      collector.rows(*content);
    }
    ++collector.counts().files;
  }
  return collector.counts();
}

}  // namespace liquid::train
