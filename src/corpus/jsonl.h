#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "corpus/document.h"

namespace liquid::corpus {

/// One row, `{"_id"?: string | number, "title"?: string, "text": string, …metadata}`. Metadata that
/// is no string is kept in its JSON spelling, null is dropped.
struct JsonlRow {
  std::string id;  ///< Empty: the row has none.
  std::string title;
  std::string text;
  Metadata metadata;
};

/// Errors: data_corrupt (no JSON object, nested deeper than 32), invalid_argument (a field of the
/// wrong type, neither text nor title).
Result<JsonlRow> parse_jsonl_row(std::string_view line);

}  // namespace liquid::corpus
