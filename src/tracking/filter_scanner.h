#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace liquid::tracking {

/// A piece of a filter or order. `text` is as written, quotes included.
struct FilterToken {
  enum class Kind {
    identifier,  ///< a, a.b, a."b c", a.`b c`, "a", `a`
    string,      ///< 'a'
    integer,
    real,
    comparison,  ///< = != <> < <= > >=
    open,
    close,
    comma,
    end
  };
  Kind kind = Kind::end;
  std::string_view text;
  std::size_t position = 0;  ///< Byte in the whole text, from 0.
};

/// All tokens and an `end`. The views are into `text`. Errors: invalid_argument (a quote that is
/// never closed, a character that begins nothing), with the position counted from 1.
Result<std::vector<FilterToken>> scan_filter(std::string_view text);

}  // namespace liquid::tracking
