#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "train/settings.h"

namespace liquid::train {

/// How a setting looks on the command line: `text`, `number` and `fraction` take a value, `list`
/// may be given again, `flag` takes none (`--name`, `--no-name`).
enum class SettingKind { text, number, fraction, list, flag };

/// One setting: `--name`, and `name = …` in a file (with `-` or `_`). Every way of setting it ends
/// in `set`, which checks the value.
struct Setting {
  std::string group;  ///< heading in --help
  std::string name;
  std::vector<std::string> aliases;  ///< what the Python trainers call it
  SettingKind kind = SettingKind::text;
  std::string value_name;  ///< what stands behind the flag in --help
  std::string help;
  /// Errors: invalid_argument: setting, value, and what was expected.
  std::function<Result<void>(Settings&, const std::vector<std::string>&)> set;
  /// What `set` would take to make it so; empty: not set (or an empty list).
  std::function<std::vector<std::string>(const Settings&)> get;
};

/// All settings, in the order they are shown.
const std::vector<Setting>& setting_table();

/// By name or alias; `_` counts as `-`.
const Setting* find_setting(std::string_view name);

/// The known name that is most like `name`; nothing when none is near.
std::optional<std::string> nearest_setting(std::string_view name);

/// A file that sets everything to what `settings` say.
std::string to_toml(const Settings& settings);

}  // namespace liquid::train
