#include "cli/train_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/file.h"
#include "cli/toml.h"
#include "train/setting_table.h"

namespace liquid::cli {
namespace {

using train::Setting;
using train::SettingKind;

constexpr std::uint64_t kMaxConfigBytes = std::uint64_t{1024} * 1024;

void group_option(CLI::Option& option, const std::string& group) { option.group(group); }

// --name or --no-name; help shows the one that changes something.
void add_switch(CLI::App& app, const Setting& setting, const std::string& name, TrainFlags& flags) {
  const std::vector<std::string> usual = setting.get(train::Settings());
  const bool on = !usual.empty() && usual.front() == "true";
  const bool main_name = name == setting.name;
  auto& values = flags.values[setting.name];
  const auto add = [&](const std::string& flag, const char* value, bool shown) {
    CLI::Option* option = app.add_flag_function(
        flag, [&values, value](std::int64_t) { values = {value}; }, setting.help);
    group_option(*option, shown ? setting.group : "");
  };
  const bool is_method = setting.name == "lora";  // on by default, and yet what one writes
  add("--" + name, "true", main_name && (!on || is_method));
  add("--no-" + name, "false", main_name && on && !is_method);
}

void add_valued(CLI::App& app, const Setting& setting, const std::string& name, TrainFlags& flags) {
  CLI::Option* option = app.add_option("--" + name, flags.values[setting.name], setting.help);
  option->type_name(setting.value_name);
  group_option(*option, name == setting.name ? setting.group : "");
  if (setting.kind == SettingKind::list) {
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    option->expected(1, CLI::detail::expected_max_vector_size);
  } else {
    option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
}

std::string described(const Setting& setting) {
  if (setting.kind == SettingKind::flag) return setting.help;
  const std::vector<std::string> usual = setting.get(train::Settings());
  const bool named = setting.help.find("efault") != std::string::npos;
  return usual.empty() || named ? setting.help : setting.help + " [" + usual.front() + "]";
}

Result<void> apply_file(train::Settings& settings, const std::string& path) {
  const auto text = read_file(path, kMaxConfigBytes);
  if (!text) return Error(text.error()).with_context("--config");
  auto applied = apply_train_toml(settings, *text);
  if (!applied) return std::move(applied).error().with_context(path);
  return {};
}

Result<void> apply_entry(train::Settings& settings, const TomlEntry& entry) {
  const Setting* setting = train::find_setting(entry.key);
  if (setting == nullptr) {
    const auto nearest = train::nearest_setting(entry.key);
    return Error{ErrorCode::invalid_argument,
                 "'" + entry.key + "' is not a setting" +
                     (nearest ? "; did you mean " + *nearest + "?" : std::string())};
  }
  if (entry.shape == TomlEntry::Shape::list && setting->kind != SettingKind::list) {
    return Error{ErrorCode::invalid_argument, entry.key + ": expected one value, not a list"};
  }
  return setting->set(settings, entry.values);
}

// "a,b" is a list too.
std::vector<std::string> split_lists(const Setting& setting,
                                     const std::vector<std::string>& values) {
  if (setting.name != "lora-targets") return values;
  std::vector<std::string> parts;
  for (const std::string& value : values) {
    for (std::size_t begin = 0; begin < value.size();) {
      const std::size_t end = std::min(value.find(',', begin), value.size());
      if (end > begin) parts.push_back(value.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return parts;
}

}  // namespace

void add_train_flags(CLI::App& app, TrainFlags& flags) {
  app.add_option("--config", flags.config, "TOML file with settings")->type_name("FILE");
  app.add_flag("--print-config", flags.print_config, "Print all settings as TOML and end");
  flags.resume_option = app.add_option("--resume", flags.resume,
                                       "Go on from this checkpoint; without PATH from the newest, "
                                       "with auto only if there is one")
                            ->type_name("[PATH]")
                            ->expected(0, 1);
  for (const Setting& row : train::setting_table()) {
    Setting setting = row;
    setting.help = described(row);
    std::vector<std::string> names = setting.aliases;
    names.insert(names.begin(), setting.name);
    for (const std::string& name : names) {
      if (setting.kind == SettingKind::flag) {
        add_switch(app, setting, name, flags);
      } else if (name.size() > 1) {
        add_valued(app, setting, name, flags);
      }
    }
  }
}

Result<void> apply_train_toml(train::Settings& settings, std::string_view text) {
  const auto entries = parse_toml(text);
  if (!entries) return entries.error();
  for (const TomlEntry& entry : *entries) {
    auto applied = apply_entry(settings, entry);
    if (!applied) {
      return std::move(applied).error().with_context("line " + std::to_string(entry.line));
    }
  }
  return {};
}

Result<train::Settings> gather_train_settings(const TrainFlags& flags) {
  train::Settings settings;
  if (!flags.config.empty()) {
    if (auto applied = apply_file(settings, flags.config); !applied) {
      return std::move(applied).error();
    }
  }
  for (const Setting& setting : train::setting_table()) {
    const auto& values = flags.values.at(setting.name);
    if (values.empty()) continue;
    auto applied = setting.set(settings, split_lists(setting, values));
    if (!applied) return Error{applied.error().code, "--" + applied.error().message};
  }
  if (flags.resume_option->count() > 0)
    settings.output.resume = flags.resume.empty() ? "" : flags.resume.back();
  if (auto valid = train::validate(settings); !valid) return std::move(valid).error();
  return settings;
}

std::vector<std::string> with_dashes(const std::vector<std::string>& arguments) {
  std::vector<std::string> out = arguments;
  for (std::string& argument : out) {
    if (!argument.starts_with("--")) continue;
    const auto end = argument.begin() +
                     static_cast<std::ptrdiff_t>(std::min(argument.find('='), argument.size()));
    std::replace(argument.begin(), end, '_', '-');
  }
  return out;
}

std::string did_you_mean(const std::string& option) {
  const std::size_t begin = option.find_first_not_of('-');
  if (begin == std::string::npos) return {};
  const auto nearest = train::nearest_setting(option.substr(begin, option.find('=') - begin));
  return nearest ? "; did you mean --" + *nearest + "?" : std::string();
}

}  // namespace liquid::cli
