#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace liquid::train {

struct RawTextCounts {
  std::int64_t files = 0;
  std::int64_t texts = 0;
  std::int64_t bytes = 0;
  std::int64_t unreadable_rows = 0;  ///< of rows files: no JSON
};

/// Everything people wrote in a file, folder or glob, as training a tokenizer wants it: documents
/// whole, and every string value of rows (the keys are not text). Errors: those of list_input_files
/// and of reading.
Result<RawTextCounts> for_each_text(const std::string& path_or_glob,
                                    const std::function<void(std::string_view)>& take);

}  // namespace liquid::train
