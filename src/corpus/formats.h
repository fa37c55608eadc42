#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "corpus/document.h"

namespace liquid::corpus {

/// What a format's parser makes of one source; the reader adds identity. An empty title means that
/// the source names none.
struct Content {
  std::string title;
  Metadata metadata;
  std::vector<Block> blocks;
};

// One function and one file per format. `text` is well-formed UTF-8 without byte order mark; spans
// are offsets into it. All are pure, linear in the size of the input but for what is said, and safe
// from any thread. Errors: data_corrupt for nesting beyond what any author writes (it would take
// the parsers quadratic time).

/// GitHub's Markdown; front matter (between `---` lines) becomes title and metadata, HTML in it is
/// read.
Result<Content> parse_markdown(std::string_view text);

/// Text of the page's main part; scripts, navigation and hidden parts are left out.
Result<Content> parse_html(std::string_view text);

/// Paragraphs at blank lines; indented runs are code, runs of columns are tables.
Result<Content> parse_text(std::string_view text);

struct PdfLimits {
  std::string program = "pdftotext";
  std::chrono::milliseconds time{60'000};
  std::uint64_t memory_bytes = 1ull << 30;
  std::uint64_t text_bytes = 64ull << 20;
};

/// Runs `pdftotext` on the bytes, as a child process within the limits. Errors: unsupported
/// (encrypted, or no text in it), data_corrupt (broken), unavailable (program not installed,
/// killed), deadline_exceeded, resource_exhausted.
Result<Content> parse_pdf(std::string_view bytes, const PdfLimits& limits = {});

}  // namespace liquid::corpus
