#include "train/data/dataset_reader.h"

#include <algorithm>
#include <utility>

#include "train/data/marked_text.h"
#include "train/data/text_pieces.h"
#include "train/data/training_row.h"
#include "train/data/unpacked_file.h"

namespace liquid::train {
namespace {

namespace fs = std::filesystem;

// A block bounds the memory of rows that wait, and is long enough for every thread to find work.
constexpr std::size_t kBlockRows = 1024;
constexpr std::size_t kBlockBytes = std::size_t{8} << 20;
constexpr std::size_t kDetectRows = 32;
constexpr std::size_t kKeptBadRows = 100;
constexpr std::size_t kReasonLetters = 300;  // a reason may quote the row
constexpr std::uint64_t kMaxTextBytes = std::uint64_t{1} << 30;

constexpr std::string_view kFormats =
    "  messages           {\"messages\": [{\"role\": \"user\", \"content\": …}, …]}\n"
    "  sharegpt           {\"conversations\": [{\"from\": \"human\", \"value\": …}, …]}\n"
    "  alpaca             {\"instruction\": …, \"input\": …, \"output\": …}\n"
    "  prompt-completion  {\"prompt\": …, \"completion\": …}\n"
    "  text               {\"text\": …}";

Result<std::vector<RawRow>> next_block(RowReader& reader) {
  std::vector<RawRow> block;
  std::size_t bytes = 0;
  while (block.size() < kBlockRows && bytes < kBlockBytes) {
    Result<std::optional<RawRow>> row = reader.next();
    if (!row) return std::move(row).error();
    if (!*row) break;
    bytes += (*row)->text.size();
    block.push_back(std::move(**row));
  }
  return block;
}

// A field that holds rows: {"data": [{…}, …]}.
bool holds_rows(const JsonView& value) {
  if (!value.is(JsonKind::array)) return false;
  const std::vector<JsonView> elements = value.elements();
  return !elements.empty() && format_by_keys(elements.front());
}

std::string fields_of(const JsonView& row) {
  if (!row.is(JsonKind::object)) return "is " + std::string(json_kind_name(row.kind()));
  std::string names;
  for (const JsonView::Member& member : row.members()) {
    const std::string name = "\"" + member.key + "\"";
    if (holds_rows(member.value)) {
      return "holds rows in its field " + name + ": write that list to a file of its own";
    }
    names += (names.empty() ? "" : ", ") + name;
  }
  return names.empty() ? "has no fields" : "has the fields " + names;
}

Error row_error(const fs::path& file, const RawRow& row, const std::string& what) {
  return Error{ErrorCode::invalid_argument,
               file.string() + ":" + std::to_string(row.line) + ": " + what};
}

// Why no format could be seen: by the first row that is JSON, else by the first.
Error unknown_format(const fs::path& file, const std::vector<RawRow>& rows) {
  for (const RawRow& row : rows) {
    const JsonView::Parsed parsed = JsonView::parse(row.text);
    if (!parsed.value) continue;
    return row_error(file, row,
                     "no format that is known: the row " +
                         visible_text(fields_of(*parsed.value), kReasonLetters) +
                         ". Rows look like one of these (or say which with --format):\n" +
                         std::string(kFormats));
  }
  const RawRow& first = rows.front();
  return row_error(
      file, first,
      first.trouble.empty() ? JsonView::parse(first.text).fault.text() : first.trouble);
}

std::int64_t line_of(std::string_view text, std::size_t at) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
}

}  // namespace

DatasetReader::DatasetReader(const RowRenderer& renderer, const tokenizer::Tokenizer& tokenizer,
                             const DatasetOptions& options)
    : renderer_(renderer), tokenizer_(tokenizer), options_(options), crew_(options.threads) {}

Result<void> DatasetReader::read(const InputFile& file) {
  dataset_.files.push_back(file.path);
  return file.kind == FileKind::rows ? read_rows(file.path) : read_text(file.path);
}

Dataset DatasetReader::take() {
  std::size_t most = 0;
  for (const auto& [format, files] : formats_) {
    if (files > most) dataset_.format = format;
    most = std::max(most, files);
  }
  return std::move(dataset_);
}

Result<void> DatasetReader::read_rows(const fs::path& file) {
  Result<RowReader> reader = RowReader::open(file);
  if (!reader) return std::move(reader).error();
  Result<std::vector<RawRow>> block = next_block(*reader);
  if (!block) return std::move(block).error();
  if (block->empty()) return {};
  const Result<RowFormat> format = format_of(file, *block);
  if (!format) return format.error();
  ++formats_[*format];
  while (!block->empty()) {
    render_block(file, *block, *format);
    block = next_block(*reader);
    if (!block) return std::move(block).error();
  }
  return {};
}

Result<RowFormat> DatasetReader::format_of(const fs::path& file,
                                           const std::vector<RawRow>& first_rows) const {
  if (options_.format != RowFormat::detect) return options_.format;
  std::map<RowFormat, std::size_t> votes;
  RowFormat best = RowFormat::detect;
  for (std::size_t i = 0; i < std::min(first_rows.size(), kDetectRows); ++i) {
    const JsonView::Parsed parsed = JsonView::parse(first_rows[i].text);
    const std::optional<RowFormat> format =
        parsed.value ? format_by_keys(*parsed.value) : std::nullopt;
    if (!format) continue;
    if (++votes[*format] > votes[best]) best = *format;
  }
  if (best != RowFormat::detect) return best;
  return unknown_format(file, first_rows);
}

void DatasetReader::render_block(const fs::path& file, const std::vector<RawRow>& rows,
                                 RowFormat format) {
  std::vector<RenderedRow> rendered(rows.size());
  crew_.for_each(rows.size(), [&](std::size_t i) {
    rendered[i] = rows[i].trouble.empty() ? renderer_.render(rows[i].text, format)
                                          : RenderedRow{RowFate::bad, {}, rows[i].trouble};
  });
  for (std::size_t i = 0; i < rows.size(); ++i) add(file, rows[i].line, std::move(rendered[i]));
}

void DatasetReader::add(const fs::path& file, std::int64_t line, RenderedRow row) {
  DatasetCounts& counts = dataset_.counts;
  ++counts.rows;
  switch (row.fate) {
    case RowFate::bad:
      ++counts.bad;
      if (dataset_.bad_rows.size() < kKeptBadRows) {
        dataset_.bad_rows.push_back({file, line, visible_text(row.reason, kReasonLetters)});
      }
      return;
    case RowFate::dropped: ++counts.dropped; return;
    case RowFate::without_trained_tokens: ++counts.without_trained_tokens; return;
    case RowFate::truncated: ++counts.truncated; break;
    case RowFate::used: break;
  }
  counts.tokens += static_cast<std::int64_t>(row.sample.ids.size());
  counts.trained_tokens += row.sample.trained_tokens();
  dataset_.samples.push_back(std::move(row.sample));
}

Result<void> DatasetReader::read_text(const fs::path& file) {
  const Result<std::string> text = read_unpacked(file, kMaxTextBytes);
  if (!text) return text.error();
  ++formats_[RowFormat::text];
  if (const std::optional<std::size_t> at = first_byte_not_utf8(*text)) {
    add(file, line_of(*text, *at), {RowFate::bad, {}, not_utf8(*text, *at)});
    return {};
  }
  if (text->find_first_not_of(" \t\r\n") == std::string::npos) {
    add(file, 1, {RowFate::bad, {}, "the file is empty"});
    return {};
  }
  cut_text(*text, tokenizer_, options_.max_length, [&](Sample sample) {
    const bool is_trained = sample.trained_tokens() > 0;
    const RowFate fate = is_trained ? RowFate::used : RowFate::without_trained_tokens;
    add(file, 1, {fate, std::move(sample), {}});
  });
  return {};
}

}  // namespace liquid::train
