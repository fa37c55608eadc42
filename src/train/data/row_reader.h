#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace liquid::train {

/// One row's text, not yet checked.
struct RawRow {
  std::string text;
  std::int64_t line = 1;  ///< where it begins, from 1
  std::string trouble;    ///< Why the text could not be taken whole; empty: nothing is wrong.
};

/// The rows of a file one by one, in memory that does not grow with the file: one JSON value on
/// each line, one list of values, or values one behind the other. gzip is recognised by its first
/// bytes. One thread.
class RowReader {
 public:
  /// Errors, which name the file: not_found, permission_denied, unavailable.
  static Result<RowReader> open(const std::filesystem::path& file);
  RowReader(RowReader&&) noexcept;
  RowReader& operator=(RowReader&&) noexcept;
  ~RowReader();

  /// The next row, nothing at the end. Errors, which name file and line: unavailable, data_corrupt
  /// (damaged gzip, a list without its end).
  Result<std::optional<RawRow>> next();

 private:
  struct State;
  explicit RowReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A row may have this many bytes; a longer one is trouble.
inline constexpr std::size_t kMaxRowBytes = std::size_t{64} << 20;

}  // namespace liquid::train
