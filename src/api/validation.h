#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace liquid::api {

/// One thing wrong with a body, in the words that FastAPI's clients know.
struct Problem {
  std::string_view type;     ///< e.g. "int_parsing"
  std::string_view field;    ///< Empty when the whole body is meant.
  std::string_view message;  ///< e.g. "Field required"
  std::string input;         ///< What was sent, as JSON text.
  std::string context = {};  ///< JSON object text, or empty.
};

/// 422 `{"detail":[{"type","loc","msg","input","ctx"}]}`. An input longer than 4 KiB is named by
/// its size instead of being sent back.
http::Response validation_response(const std::vector<Problem>& problems);

/// 422 for a body that is not JSON: `position` counts characters.
http::Response not_json_response(std::size_t position, std::string_view reason);

}  // namespace liquid::api
