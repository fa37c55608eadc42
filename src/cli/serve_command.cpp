#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>

#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/exit_status.h"
#include "cli/serve.h"
#include "cli/setting_table.h"

namespace liquid::cli {
namespace {

/// What the command line of `serve` held: setting → its values, and the two that are no settings.
struct ServeFlags {
  std::map<std::string, std::vector<std::string>> values;
  std::string config;
  bool print_config = false;
};

constexpr std::uint64_t kMaxConfigBytes = std::uint64_t{1024} * 1024;

constexpr const char* kExamples =
    "Examples:\n"
    "  liquid serve --index docs.index\n"
    "  liquid serve --index docs.index --host 0.0.0.0 --rate-limit 600/60\n"
    "  liquid serve --index docs.index --generator openai \\\n"
    "      --base-url http://127.0.0.1:8080/v1 --model lfm2\n"
    "  liquid serve --print-config > liquid.toml\n"
    "\n"
    "Every option can also be set by a variable (--cache-ttl: LIQUID_CACHE_TTL)\n"
    "or in the file that --config names (cache-ttl = 300). Flags count before\n"
    "variables, variables before the file. The key for an endpoint is read\n"
    "from OPENAI_API_KEY.\n";

void add_setting(CLI::App& command, const Setting& setting, ServeFlags& flags) {
  const std::string flag = "--" + setting.name;
  std::vector<std::string>& values = flags.values[setting.name];
  if (setting.kind == SettingKind::flag) {
    command
        .add_flag_callback(
            flag, [&values] { values = {"true"}; }, setting.help)
        ->group(setting.group);
    return;
  }
  CLI::Option* option = command.add_option(flag, values, setting.help);
  option->type_name(setting.value_name)->group(setting.group);
  option->expected(1)->allow_extra_args(false);
  if (setting.kind == SettingKind::list) {
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  } else {
    option->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  }
}

Result<void> apply_file(ServeSettings& settings, const std::string& path) {
  auto text = read_file(path, kMaxConfigBytes);
  if (!text) return std::move(text).error().with_context("--config");
  auto applied = apply_toml(settings, *text);
  if (!applied) return std::move(applied).error().with_context(path);
  return {};
}

Result<void> apply_flags(ServeSettings& settings, const ServeFlags& flags) {
  for (const Setting& setting : setting_table()) {
    const auto& values = flags.values.at(setting.name);
    if (values.empty()) continue;
    auto applied = setting.set(settings, values);
    if (!applied) return Error{applied.error().code, "--" + applied.error().message};
  }
  return {};
}

// Defaults, then the file, then the environment, then the flags: the nearer one wins.
Result<ServeSettings> gather(const ServeFlags& flags) {
  ServeSettings settings;
  std::string file = flags.config;
  if (const char* named = std::getenv("LIQUID_CONFIG"); file.empty() && named != nullptr) {
    file = named;
  }
  if (!file.empty()) {
    if (auto applied = apply_file(settings, file); !applied) return std::move(applied).error();
  }
  if (auto applied = apply_environment(settings, liquid_environment()); !applied) {
    return std::move(applied).error();
  }
  if (auto applied = apply_flags(settings, flags); !applied) return std::move(applied).error();
  if (auto valid = validate(settings); !valid) return std::move(valid).error();
  return settings;
}

int run_serve(const ServeFlags& flags) {
  const auto settings = gather(flags);
  if (!settings) return bad_usage(settings.error());
  if (flags.print_config) {
    std::cout << to_toml(*settings);
    return kSuccess;
  }
  LogLevel level = LogLevel::info;
  parse_log_level(settings->log_level, level);
  set_log_level(level);
  const auto served = serve(*settings);
  if (!served) return failure(served.error());
  return kSuccess;
}

}  // namespace

void add_serve_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("serve", "Answer questions over HTTP");
  const auto flags = std::make_shared<ServeFlags>();
  command->add_option("--config", flags->config, "TOML file with settings")->type_name("FILE");
  command->add_flag("--print-config", flags->print_config, "Print all settings as TOML and end");
  for (const Setting& setting : setting_table()) add_setting(*command, setting, *flags);
  command->footer(kExamples);
  command->callback([flags, &status] { status = run_serve(*flags); });
}

}  // namespace liquid::cli
