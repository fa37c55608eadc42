#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/serve_settings.h"

namespace liquid::cli {

/// How a setting looks on the command line and in a file.
enum class SettingKind { text, number, list, flag, secret };

/// One setting: `--name`, `LIQUID_NAME`, and `name = …` in a file. Every way of setting it ends in
/// `set`, which checks the value; `show` gives it back as TOML, or nothing where it is not set.
struct Setting {
  std::string group;  ///< Heading in --help and --print-config.
  std::string name;
  SettingKind kind = SettingKind::text;
  std::string value_name;  ///< What stands behind the flag in --help.
  std::string help;
  /// Errors: invalid_argument: setting, value, and what was expected.
  std::function<Result<void>(ServeSettings&, const std::vector<std::string>&)> set;
  std::function<std::string(const ServeSettings&)> show;
};

/// All settings, in the order they are shown.
const std::vector<Setting>& setting_table();
const Setting* find_setting(std::string_view name);

/// "cache-ttl" → "LIQUID_CACHE_TTL"
std::string environment_name(std::string_view setting);

}  // namespace liquid::cli
