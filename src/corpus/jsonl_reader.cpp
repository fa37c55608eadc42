#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "corpus/encoding.h"
#include "corpus/jsonl.h"
#include "corpus/reader.h"
#include "corpus/text.h"

namespace liquid::corpus {
namespace {

/// Lines of a byte source; holds one line and one buffer at a time.
class LineReader {
 public:
  LineReader(ByteSource& source, std::uint64_t max_line_bytes)
      : source_(source), max_line_bytes_(max_line_bytes) {}

  struct Line {
    std::string text;
    bool too_long = false;  ///< `text` is only its front then.
    bool at_end = false;    ///< There is no further line.
  };

  Result<Line> next() {
    Line line;
    for (bool any = false;; any = true) {
      if (Result<void> filled = fill(); !filled) return std::move(filled).error();
      line.at_end = at_ == filled_ && !any;
      if (at_ == filled_) return line;
      const char* begin = buffer_.data() + at_;
      const char* end = std::find<const char*>(begin, buffer_.data() + filled_, '\n');
      const auto length = static_cast<std::size_t>(end - begin);
      line.too_long = line.too_long || line.text.size() + length > max_line_bytes_;
      if (!line.too_long) line.text.append(begin, length);
      at_ += length;
      if (at_ == filled_) continue;
      ++at_;
      return line;
    }
  }

  /// Whether what is still to be read starts with a mark of UTF-16.
  Result<bool> is_utf16() {
    if (Result<void> filled = fill(); !filled) return std::move(filled).error();
    const std::string_view start(buffer_.data() + at_, filled_ - at_);
    return start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF");
  }

  /// Everything still to be read.
  Result<std::string> rest(std::uint64_t max_bytes) {
    std::string text(buffer_.data() + at_, filled_ - at_);
    at_ = filled_;
    Result<std::string> more = read_all(source_, max_bytes);
    if (!more) return more;
    return text + *more;
  }

 private:
  // Leaves an empty buffer only at the end.
  Result<void> fill() {
    if (at_ < filled_) return {};
    const Result<std::size_t> count = source_.read(buffer_);
    if (!count) return count.error();
    at_ = 0;
    filled_ = *count;
    return {};
  }

  ByteSource& source_;
  const std::uint64_t max_line_bytes_;
  std::array<char, 1 << 16> buffer_{};
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
};

/// Turns lines into documents.
class RowReader {
 public:
  RowReader(const std::string& name, const ReadOptions& options, const DocumentSink& sink)
      : name_(name), options_(options), sink_(sink) {}

  void add(LineReader::Line line, std::size_t number) {
    const std::string place = name_ + ":" + std::to_string(number);
    if (line.too_long) {
      sink_(Error{ErrorCode::resource_exhausted, place + ": row larger than the limit of " +
                                                     std::to_string(options_.max_file_bytes) +
                                                     " bytes"});
      return;
    }
    if (line.text.ends_with('\r')) line.text.pop_back();
    if (line.text.find_first_not_of(" \t") == std::string::npos) return;
    Result<std::optional<Document>> document = read(std::move(line.text), place);
    if (!document) {
      sink_(std::move(document).error().with_context(place));
    } else if (document->has_value()) {
      sink_(std::move(**document));
    }
  }

 private:
  // Nothing for a row that is unchanged.
  Result<std::optional<Document>> read(std::string line, const std::string& place) const {
    Document document;
    document.path = name_;
    document.content_hash = sha256(line);
    Result<Utf8Text> utf8 = to_utf8(std::move(line));
    if (!utf8) return std::move(utf8).error();
    Result<JsonlRow> row = parse_jsonl_row(std::string_view(utf8->text).substr(utf8->bom));
    if (!row) return std::move(row).error();
    document.id = row->id.empty() ? DocumentId(place) : DocumentId(std::move(row->id));
    if (options_.is_unchanged && options_.is_unchanged(document.id, document.content_hash)) {
      return std::optional<Document>();
    }
    document.title = std::move(row->title);
    document.metadata = std::move(row->metadata);
    append_text_blocks(row->text, {}, document.blocks);
    // A row that has only a title can be found by it.
    if (document.blocks.empty()) document.blocks.emplace_back().text = document.title;
    return std::optional(std::move(document));
  }

  const std::string& name_;
  const ReadOptions& options_;
  const DocumentSink& sink_;
};

Result<void> read_lines(LineReader& lines, const std::string& name, const ReadOptions& options,
                        const DocumentSink& sink) {
  RowReader rows(name, options, sink);
  std::size_t number = 1;
  for (;; ++number) {
    if (options.should_stop && options.should_stop()) {
      return Error{ErrorCode::cancelled, "stopped before row " + std::to_string(number)};
    }
    Result<LineReader::Line> line = lines.next();
    if (!line) return std::move(line).error();
    if (line->at_end) break;
    rows.add(std::move(*line), number);
  }
  if (number == 1) return Error{ErrorCode::invalid_argument, "empty file"};
  return {};
}

// UTF-16 has no lines to cut at before it is converted.
Result<void> read_utf16_lines(LineReader& source, const std::string& name,
                              const ReadOptions& options, const DocumentSink& sink) {
  Result<std::string> bytes = source.rest(options.max_file_bytes);
  if (!bytes) return std::move(bytes).error();
  const Result<Utf8Text> utf8 = to_utf8(std::move(*bytes));
  if (!utf8) return utf8.error();
  const std::unique_ptr<ByteSource> converted = memory_source(utf8->text);
  LineReader lines(*converted, options.max_file_bytes);
  return read_lines(lines, name, options, sink);
}

}  // namespace

Result<void> read_jsonl(ByteSource& source, const std::string& name, const ReadOptions& options,
                        const DocumentSink& sink) {
  LineReader lines(source, options.max_file_bytes);
  const Result<bool> utf16 = lines.is_utf16();
  if (!utf16) return utf16.error();
  return *utf16 ? read_utf16_lines(lines, name, options, sink)
                : read_lines(lines, name, options, sink);
}

Result<void> read_jsonl(std::string_view text, const std::string& name, const DocumentSink& sink) {
  return read_jsonl(*memory_source(text), name, ReadOptions{}, sink);
}

}  // namespace liquid::corpus
