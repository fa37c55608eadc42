#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace liquid::tracking {

enum class Comparator {
  less,
  less_equal,
  equal,
  not_equal,
  greater,
  greater_equal,
  like,
  ilike,
  in,
  not_in,
  is_null,
  is_not_null
};

std::string_view comparator_text(Comparator comparator);

/// `params."batch size"`: the entity before the first dot, as written, if there is one, and the key
/// behind it without its quotes.
struct FilterIdentifier {
  std::string written;
  std::optional<std::string> entity;
  std::string key;
  bool operator==(const FilterIdentifier&) const = default;
};

struct FilterValue {
  enum class Kind { none, integer, real, text, word, list };
  Kind kind = Kind::none;
  std::string written;             ///< As it stands in the filter, with its quotes.
  std::string text;                ///< Of a text: what is between its quotes.
  std::vector<std::string> texts;  ///< Of a list.
  bool operator==(const FilterValue&) const = default;

  bool is_text() const { return kind == Kind::text; }
  bool is_list() const { return kind == Kind::list; }
  bool is_number() const { return kind == Kind::integer || kind == Kind::real; }
};

struct FilterClause {
  FilterIdentifier identifier;
  Comparator comparator = Comparator::equal;
  std::string comparator_written;
  FilterValue value;
  std::string text;          ///< The clause as written, for messages.
  std::size_t position = 0;  ///< Byte in the filter, from 0.
  bool operator==(const FilterClause&) const = default;
};

/// The clauses of a filter, which all must hold. An empty filter has none. What the words mean is
/// not looked at. Errors: invalid_argument, naming the position and what was expected.
Result<std::vector<FilterClause>> parse_filter(std::string_view text);

/// One item of an order: `metrics.loss DESC`.
struct OrderClause {
  FilterIdentifier identifier;
  bool ascending = true;
  std::string text;
};
Result<OrderClause> parse_order(std::string_view text);

/// The whole number that is all of the text, read as Python's int() does. Nothing also when it does
/// not fit.
std::optional<std::int64_t> whole_number(std::string_view text);

/// Of a value that `is_number`; too large a number is infinite.
double real_number(const FilterValue& value);

}  // namespace liquid::tracking
