#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace liquid::tokenizer {

/// The text of one JSON value, rewritten the ways that chat templates (which are Python's) write
/// it. Works on the text, so that keys keep their order and numbers their digits.
class JsonText {
 public:
  enum class Kind { object, array, string, number, boolean, null };

  /// Errors: invalid_argument (no JSON, or nested more than 200 deep).
  static Result<JsonText> parse(std::string text);

  Kind kind() const;
  /// The value of a string.
  std::string string() const;
  std::vector<std::pair<std::string, JsonText>> members() const;
  std::vector<JsonText> elements() const;
  /// A member that is a string; nothing when there is none. For objects.
  std::optional<std::string> text_of(std::string_view member) const;

  /// As `json.dumps(value, ensure_ascii=False)`.
  std::string dumped() const;
  /// As `repr(value)`.
  std::string repr() const;
  /// As `str(value)`: a string is itself, everything else as `repr`.
  std::string str() const;

 private:
  struct Checked {};
  JsonText(Checked, std::string_view text) : text_(text) {}

  std::string_view scalar() const;

  std::string text_;  // well-formed
};

}  // namespace liquid::tokenizer
