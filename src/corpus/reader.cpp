#include "corpus/reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "corpus/encoding.h"
#include "corpus/formats.h"

namespace liquid::corpus {
namespace {

namespace fs = std::filesystem;

using Parse = Result<Content> (*)(std::string_view, const ReadOptions&);

template <Result<Content> (*parse)(std::string_view)>
Result<Content> parse_as_text(std::string_view bytes, const ReadOptions&) {
  Result<Utf8Text> utf8 = to_utf8(std::string(bytes));
  if (!utf8) return std::move(utf8).error();
  Result<Content> content = parse(std::string_view(utf8->text).substr(utf8->bom));
  if (content) shift_spans(content->blocks, utf8->bom);
  return content;
}

Result<Content> parse_as_pdf(std::string_view bytes, const ReadOptions& options) {
  PdfLimits limits;
  limits.text_bytes = options.max_file_bytes;
  return parse_pdf(bytes, limits);
}

struct Format {
  std::string_view ending;
  Parse parse;  ///< Null: JSONL, read row by row.
};

// A new format is one parser and one line.
constexpr std::array kFormats = {
    Format{".md", parse_as_text<parse_markdown>},
    Format{".markdown", parse_as_text<parse_markdown>},
    Format{".html", parse_as_text<parse_html>},
    Format{".htm", parse_as_text<parse_html>},
    Format{".xhtml", parse_as_text<parse_html>},
    Format{".txt", parse_as_text<parse_text>},
    Format{".text", parse_as_text<parse_text>},
    Format{".pdf", parse_as_pdf},
    Format{".jsonl", nullptr},
    Format{".ndjson", nullptr},
};

std::string lower_ending(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return ending;
}

bool is_packed(const fs::path& path) { return lower_ending(path) == ".gz"; }

fs::path without_gz(const fs::path& path) { return is_packed(path) ? path.stem() : path; }

const Format* format_of(const fs::path& path) {
  const std::string ending = lower_ending(without_gz(path));
  const auto found =
      std::find_if(kFormats.begin(), kFormats.end(),
                   [&ending](const Format& format) { return format.ending == ending; });
  return found == kFormats.end() ? nullptr : &*found;
}

Error unknown_ending(const fs::path& path) {
  std::string known;
  for (const Format& format : kFormats) known += " " + std::string(format.ending);
  return Error{ErrorCode::unsupported, "unknown ending \"" + path.extension().string() +
                                           "\"; known are" + known + " and .gz of them"};
}

Result<std::string> unpack(std::string bytes, const fs::path& path, std::uint64_t max_bytes) {
  if (!is_packed(path)) return bytes;
  const std::unique_ptr<ByteSource> unpacked = gunzip(memory_source(bytes));
  Result<std::string> all = read_all(*unpacked, max_bytes);
  if (!all && all.error().code == ErrorCode::resource_exhausted) {
    return std::move(all).error().with_context("unpacked");
  }
  return all;
}

Result<void> read_one(ByteSource& source, const fs::path& path, const std::string& name,
                      const ReadOptions& options, const DocumentSink& sink) {
  Result<std::string> bytes = read_all(source, options.max_file_bytes);
  if (!bytes) return std::move(bytes).error();
  if (bytes->empty()) return Error{ErrorCode::invalid_argument, "empty file"};
  Document document;
  document.id = DocumentId(name);
  document.path = name;
  document.content_hash = sha256(*bytes);
  if (options.is_unchanged && options.is_unchanged(document.id, document.content_hash)) return {};
  const Result<std::string> plain = unpack(std::move(*bytes), path, options.max_file_bytes);
  if (!plain) return plain.error();
  Result<Content> content = format_of(path)->parse(*plain, options);
  if (!content) return std::move(content).error();
  if (content->blocks.empty()) return Error{ErrorCode::invalid_argument, "no text in it"};
  document.title = content->title.empty() ? without_gz(path.filename()).stem().string()
                                          : std::move(content->title);
  document.metadata = std::move(content->metadata);
  document.blocks = std::move(content->blocks);
  sink(std::move(document));
  return {};
}

Result<void> read_file_as(const Format& format, const fs::path& path, const std::string& name,
                          const ReadOptions& options, const DocumentSink& sink) {
  Result<std::unique_ptr<ByteSource>> source = file_source(path);
  if (!source) return std::move(source).error();
  if (options.bytes_read != nullptr) source = counted(std::move(*source), *options.bytes_read);
  if (format.parse != nullptr) return read_one(**source, path, name, options, sink);
  if (!is_packed(path)) return read_jsonl(**source, name, options, sink);
  return read_jsonl(*gunzip(std::move(*source)), name, options, sink);
}

}  // namespace

Result<void> read_documents(const fs::path& path, const std::string& name,
                            const ReadOptions& options, const DocumentSink& sink) {
  const Format* format = format_of(path);
  Result<void> read = format != nullptr ? read_file_as(*format, path, name, options, sink)
                                        : Result<void>(unknown_ending(path));
  if (!read) return std::move(read).error().with_context(name);
  return {};
}

bool has_known_ending(const fs::path& path) { return format_of(path) != nullptr; }

bool holds_rows(const fs::path& path) {
  const Format* format = format_of(path);
  return format != nullptr && format->parse == nullptr;
}

}  // namespace liquid::corpus
