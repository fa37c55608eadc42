#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/setting_table.h"

namespace liquid::cli {

/// What makes one row of the table; each function below knows one kind of value.
struct SettingHead {
  std::string group;
  std::string name;
  std::string help;
};

struct Range {
  std::uint64_t least = 0;
  std::uint64_t greatest = UINT64_MAX;
};

/// Access to the field: `at(settings)` is a reference to it.
template <typename T>
using Field = std::function<T&(ServeSettings&)>;

using TextCheck = bool (*)(std::string_view);

Setting text_setting(SettingHead head, std::string value_name, Field<std::string> field);
/// Only what `check` accepts; `expected` tells the user.
Setting checked_setting(SettingHead head, std::string value_name, Field<std::string> field,
                        std::pair<TextCheck, std::string> check);
Setting choice_setting(SettingHead head, std::vector<std::string> choices,
                       Field<std::string> field);
Setting optional_choice_setting(SettingHead head, std::vector<std::string> choices,
                                Field<std::optional<std::string>> field);
Setting number_setting(SettingHead head, Range range, Field<std::uint64_t> field);
Setting optional_number_setting(SettingHead head, Range range,
                                Field<std::optional<std::uint64_t>> field);
Setting flag_setting(SettingHead head, Field<bool> field);
/// "on" or "off".
Setting switch_setting(SettingHead head, Field<bool> field);
Setting list_setting(SettingHead head, std::string value_name,
                     Field<std::vector<std::string>> field,
                     std::pair<TextCheck, std::string> check);
/// Never shown.
Setting secret_setting(SettingHead head, Field<std::string> field);

}  // namespace liquid::cli
