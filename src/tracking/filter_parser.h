#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "tracking/filter_scanner.h"

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

/// `params."batch size"`: the entity before the first dot, if there is one, and the key behind it
/// without its quotes.
struct FilterIdentifier {
  std::optional<std::string> entity;
  std::string key;
};

/// A list holds the texts of its strings.
using FilterValue =
    std::variant<std::monostate, std::int64_t, double, std::string, std::vector<std::string>>;

struct FilterClause {
  FilterIdentifier identifier;
  Comparator comparator = Comparator::equal;
  FilterValue value;
  std::string text;  ///< The clause as written, for messages.
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

}  // namespace liquid::tracking
