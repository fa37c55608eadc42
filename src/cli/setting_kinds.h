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

Setting text_setting(const SettingHead& head, const std::string& value_name,
                     const Field<std::string>& field);
/// Only what `check` accepts; `expected` tells the user.
Setting checked_setting(const SettingHead& head, const std::string& value_name,
                        const Field<std::string>& field,
                        const std::pair<TextCheck, std::string>& check);
Setting choice_setting(const SettingHead& head, const std::vector<std::string>& choices,
                       const Field<std::string>& field);
Setting optional_choice_setting(const SettingHead& head, const std::vector<std::string>& choices,
                                const Field<std::optional<std::string>>& field);
Setting number_setting(const SettingHead& head, Range range, const Field<std::uint64_t>& field);
Setting optional_number_setting(const SettingHead& head, Range range,
                                const Field<std::optional<std::uint64_t>>& field);
Setting flag_setting(const SettingHead& head, const Field<bool>& field);
/// "on" or "off".
Setting switch_setting(const SettingHead& head, const Field<bool>& field);
Setting list_setting(const SettingHead& head, const std::string& value_name,
                     const Field<std::vector<std::string>>& field,
                     const std::pair<TextCheck, std::string>& check);
/// Never shown.
Setting secret_setting(const SettingHead& head, const Field<std::string>& field);

}  // namespace liquid::cli
