#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace liquid::tracking {

/// The texts of a list with its parentheses, `('a', "b")`. MLflow reads lists as Python does: see
/// the grammar in text_list.cpp. Nothing when it is no such list or empty.
std::optional<std::vector<std::string>> parse_text_list(std::string_view list);

}  // namespace liquid::tracking
