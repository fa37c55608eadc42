#include "cli/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "cli/setting_table.h"
#include "cli/toml.h"

namespace liquid::cli {
namespace {

// Read by other commands and by this project's own tools; nothing that `serve` could be told.
constexpr std::array<std::string_view, 6> kOtherVariables = {
    "LIQUID_CONFIG",        "LIQUID_URL", "LIQUID_API_KEY",
    "LIQUID_SKIP_PACKAGES", "LIQUID_BIN", "LIQUID_BUILD"};

Result<void> apply_entry(ServeSettings& settings, const TomlEntry& entry) {
  const Setting* setting = find_setting(entry.key);
  if (setting == nullptr) {
    return Error{ErrorCode::invalid_argument, "'" + entry.key + "' is not a setting"};
  }
  if (entry.shape == TomlEntry::Shape::list && setting->kind != SettingKind::list) {
    return Error{ErrorCode::invalid_argument, entry.key + ": expected one value, not a list"};
  }
  return setting->set(settings, entry.values);
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

const Setting* find_by_variable(const std::string& name) {
  for (const Setting& setting : setting_table()) {
    if (environment_name(setting.name) == name) return &setting;
  }
  return nullptr;
}

}  // namespace

Result<void> apply_toml(ServeSettings& settings, std::string_view text) {
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

Result<void> apply_environment(ServeSettings& settings, const Environment& environment) {
  for (const auto& [name, value] : environment) {
    if (std::find(kOtherVariables.begin(), kOtherVariables.end(), name) != kOtherVariables.end()) {
      continue;
    }
    const Setting* setting = find_by_variable(name);
    if (setting == nullptr) {
      return Error{ErrorCode::invalid_argument,
                   "environment variable " + name + " is not a setting"};
    }
    const bool list = setting->kind == SettingKind::list;
    auto applied =
        setting->set(settings, list ? split_at_commas(value) : std::vector<std::string>{value});
    if (!applied) {
      return std::move(applied).error().with_context("environment variable " + name);
    }
  }
  return {};
}

Environment liquid_environment() {
  Environment variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (text.substr(0, 7) != "LIQUID_" || equals == std::string_view::npos) continue;
    variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  std::sort(variables.begin(), variables.end());
  return variables;
}

std::string to_toml(const ServeSettings& settings) {
  std::string text;
  std::string group;
  for (const Setting& setting : setting_table()) {
    if (setting.group != group) {
      group = setting.group;
      text += (text.empty() ? "# " : "\n# ") + group + "\n";
    }
    const std::string value = setting.show(settings);
    if (setting.kind == SettingKind::secret) {
      text += "# " + setting.name + " is a secret and never printed\n";
    } else if (value.empty()) {
      text += "# " + setting.name + " is not set\n";
    } else {
      text += setting.name + " = " + value + "\n";
    }
  }
  return text;
}

Result<void> validate(const ServeSettings& settings) {
  if (settings.generator == "openai" && (settings.base_url.empty() || settings.model.empty())) {
    return Error{ErrorCode::invalid_argument,
                 "generator 'openai' needs base-url and model, e.g. --base-url "
                 "http://127.0.0.1:8080/v1 --model lfm2"};
  }
  if (settings.tls_certificate.empty() != settings.tls_key.empty()) {
    return Error{ErrorCode::invalid_argument, "tls-certificate and tls-key go together"};
  }
  if (!settings.admin_key.empty() && !settings.admin_key_file.empty()) {
    return Error{ErrorCode::invalid_argument, "admin-key and admin-key-file are both set"};
  }
  if (settings.require_key && settings.api_keys.empty()) {
    return Error{ErrorCode::invalid_argument, "require-key needs api-keys"};
  }
  return {};
}

}  // namespace liquid::cli
