#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace liquid::cli {

/// How an answer was come by, for the line under it.
struct AnswerOrigin {
  std::string cache;  ///< X-Cache, empty when no cache was asked.
  double milliseconds = 0.0;
};

/// The body of an answer of /ask as text for a terminal: answer, sources, then confidence,
/// passages, cache and time. Errors: data_corrupt (not such a body).
Result<std::string> answer_view(std::string_view answer_json, const AnswerOrigin& origin);

/// The body with "x_cache" and "milliseconds" added, in one line.
Result<std::string> answer_view_json(std::string_view answer_json, const AnswerOrigin& origin);

}  // namespace liquid::cli
