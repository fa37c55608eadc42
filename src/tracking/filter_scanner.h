#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace liquid::tracking {

/// A piece of a filter or order. `text` is as written, quotes included.
struct FilterToken {
  enum class Kind {
    word,           ///< abc, also 1abc
    backticks,      ///< `a b`
    double_quoted,  ///< "a b"
    single_quoted,  ///< 'a b'
    integer,        ///< 12, -3
    real,           ///< 1.5, .5, 5., 1e-3
    dot,
    double_colon,
    comparison,  ///< A run of < > = ~ !
    open,
    close,
    comma,
    end
  };
  Kind kind = Kind::end;
  std::string_view text;
  std::size_t position = 0;  ///< Byte in the whole text, from 0.
};

/// All tokens and an `end`. The views are into `text`. Errors: invalid_argument (not UTF-8, a quote
/// that is never closed, a comment, a character that begins nothing), with the position counted
/// from 1.
Result<std::vector<FilterToken>> scan_filter(std::string_view text);

}  // namespace liquid::tracking
