// Bytes → rows of a JSONL file: each has an id and text, or an error that names its line.
#include "corpus/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = liquid::corpus::read_jsonl(
      text, "rows.jsonl", [](liquid::Result<liquid::corpus::Document> document) {
        if (!document) {
          if (!document.error().message.starts_with("rows.jsonl:")) __builtin_trap();
        } else if (document->id.empty() || document->blocks.empty()) {
          __builtin_trap();
        }
      });
  (void)read.has_value();
  return 0;
}
