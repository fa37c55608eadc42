#include <algorithm>
#include <utility>

#include "corpus/child_process.h"
#include "corpus/formats.h"
#include "corpus/text.h"

namespace liquid::corpus {
namespace {

// `pdftotext -htmlmeta` writes an HTML head with title and metadata and then, between these two
// lines and unescaped, the text with a form feed behind each page.
constexpr std::string_view kTextBegin = "<pre>\n";
constexpr std::string_view kTextEnd = "</pre>\n</body>\n</html>\n";

Error failure(const ChildResult& child) {
  const std::string_view said = child.error_text;
  if (said.find("Incorrect password") != said.npos) {
    return Error{ErrorCode::unsupported, "encrypted PDF; a password would be needed"};
  }
  if (child.exit_status == 3) {
    return Error{ErrorCode::unsupported, "the PDF does not allow its text to be copied"};
  }
  const std::string first_line(said.substr(0, said.find('\n')));
  return Error{ErrorCode::data_corrupt,
               "broken PDF: " + (first_line.empty() ? "pdftotext failed with status " +
                                                          std::to_string(child.exit_status)
                                                    : first_line)};
}

void append_pages(std::string_view text, std::vector<Block>& blocks) {
  TextPlace place{0, 1};
  while (place.offset < text.size()) {
    const std::size_t end = std::min(text.find('\f', place.offset), text.size());
    append_text_blocks(text.substr(place.offset, end - place.offset), place, blocks);
    place = {end + 1, *place.page + 1};
  }
}

}  // namespace

Result<Content> parse_pdf(std::string_view bytes, const PdfLimits& limits) {
  const ChildLimits child_limits{limits.time, limits.memory_bytes, limits.text_bytes};
  Result<ChildResult> child =
      run_child({limits.program, "-enc", "UTF-8", "-eol", "unix", "-htmlmeta", "-", "-"}, bytes,
                child_limits);
  if (!child && child.error().code == ErrorCode::not_found) {
    return Error{
        ErrorCode::unavailable,
        limits.program +
            " is not installed; PDF needs it (Debian, Ubuntu: apt-get install poppler-utils)"};
  }
  if (!child) return std::move(child).error();
  if (child->exit_status != 0) return failure(*child);
  const std::string_view output = child->output;
  const std::size_t begin = output.find(kTextBegin);
  const std::size_t end = output.rfind(kTextEnd);
  if (begin == output.npos || end == output.npos || begin + kTextBegin.size() > end) {
    return Error{ErrorCode::internal, "the output of pdftotext was not understood"};
  }
  Result<Content> content = parse_html(output.substr(0, begin));
  if (!content) return content;
  content->blocks.clear();
  append_pages(output.substr(begin + kTextBegin.size(), end - begin - kTextBegin.size()),
               content->blocks);
  if (content->blocks.empty()) {
    return Error{ErrorCode::unsupported, "the PDF holds no text (scanned pages need OCR first)"};
  }
  return content;
}

}  // namespace liquid::corpus
