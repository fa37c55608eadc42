#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace liquid::train {

/// The first byte that is part of no well-formed character; nothing when all are.
std::optional<std::size_t> first_byte_not_utf8(std::string_view text);
/// "byte 0xE9 is not UTF-8 …" about that byte.
std::string not_utf8(std::string_view text, std::size_t at);

/// What is wrong with a JSON text, and where.
struct JsonFault {
  std::int64_t line = 1;    ///< within the text, from 1
  std::int64_t column = 1;  ///< characters, from 1
  std::string reason;       ///< "expected ',' or '}', found 'x'"
  bool operator==(const JsonFault&) const = default;
  /// "invalid JSON at column 12: expected …"; the line only when it is not the first.
  std::string text() const;
};

enum class JsonKind { null, boolean, number, string, array, object };
/// "null", "a boolean", "a number", "a string", "a list", "an object".
std::string_view json_kind_name(JsonKind kind);

/// A value where it stands in a JSON text, so that a number or an object can be handed on exactly
/// as it was spelt. A view: the text must outlive it.
class JsonView {
 public:
  struct Member;

  /// The one value of `text`, or what is wrong with it: no JSON, not UTF-8, nested more than 128
  /// deep.
  struct Parsed;
  static Parsed parse(std::string_view text);

  JsonKind kind() const;
  bool is(JsonKind kind) const { return this->kind() == kind; }
  /// The value's own part of the text, without white space around it.
  std::string_view text() const { return text_; }

  /// A string, decoded. Only for kind string.
  std::string string() const;
  /// Only for kind array.
  std::vector<JsonView> elements() const;
  /// In the order of the text. Only for kind object.
  std::vector<Member> members() const;

 private:
  explicit JsonView(std::string_view text) : text_(text) {}

  std::string_view text_;  // one value of a text that was checked
};

struct JsonView::Member {
  std::string key;
  JsonView value;
};

/// The value of a key; the last one when it stands there twice; nothing when it is absent or null.
std::optional<JsonView> find(const std::vector<JsonView::Member>& members, std::string_view key);

struct JsonView::Parsed {
  std::optional<JsonView> value;
  JsonFault fault;  ///< When there is no value.
};

}  // namespace liquid::train
