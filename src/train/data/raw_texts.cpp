#include "train/data/raw_texts.h"

#include <optional>

#include "train/data/input_files.h"
#include "train/data/json_text.h"
#include "train/data/row_reader.h"
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

  Result<void> rows(const std::filesystem::path& file) {
    Result<RowReader> reader = RowReader::open(file);
    if (!reader) return std::move(reader).error();
    for (;;) {
      const Result<std::optional<RawRow>> row = reader->next();
      if (!row) return row.error();
      if (!*row) return {};
      const JsonView::Parsed parsed = JsonView::parse((*row)->text);
      if (parsed.value) value(*parsed.value);
      if (!parsed.value) ++counts_.unreadable_rows;
    }
  }

  Result<void> document(const std::filesystem::path& file) {
    const Result<std::string> content = read_unpacked(file, kMaxFileBytes);
    if (!content) return content.error();
    text(*content);
    return {};
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
    const Result<void> read =
        file.kind == FileKind::text ? collector.document(file.path) : collector.rows(file.path);
    if (!read) return read.error();
    ++collector.counts().files;
  }
  return collector.counts();
}

}  // namespace liquid::train
