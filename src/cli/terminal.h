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

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

/// Rows under titles. With `columns` every line fits: the widest left-aligned columns are cut with
/// "…".
std::string table(const std::vector<Column>& head,
                  const std::vector<std::vector<std::string>>& rows,
                  std::optional<std::size_t> columns);

}  // namespace liquid::cli
