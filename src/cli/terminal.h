#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace liquid::cli {

/// Columns of the terminal behind a file descriptor; nothing when it is no terminal.
std::optional<std::size_t> terminal_columns(int descriptor);

/// 1536 → "1.5 KB" (powers of 1000).
std::string readable_bytes(double bytes);

/// 75 → "1 min 15 s".
std::string readable_seconds(double seconds);

/// Milliseconds since 1970 as "2026-11-24 09:30:12" in the local time zone; empty for 0.
std::string readable_time(std::int64_t unix_ms);

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

/// Rows under titles. With `columns` every line fits as long as three cells and a gap are left for
/// each column: the widest texts are cut with "…", numbers only when that is not enough.
std::string table(const std::vector<Column>& head,
                  const std::vector<std::vector<std::string>>& rows,
                  std::optional<std::size_t> columns);

}  // namespace liquid::cli
