#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "train/settings.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it
class App;
class Option;
}  // namespace CLI

namespace liquid::cli {

/// What the command line of `train` held: setting → its values, and what is no setting.
struct TrainFlags {
  std::map<std::string, std::vector<std::string>> values;
  std::string config;
  std::vector<std::string> resume;
  const CLI::Option* resume_option = nullptr;  ///< knows whether it was given without a value
  bool print_config = false;
};

/// One option for each row of train's table of settings, with the Python trainers' names as hidden
/// ones. `flags` must outlive the parsing.
void add_train_flags(CLI::App& app, TrainFlags& flags);

/// Flags before the file that --config names, the file before the defaults. Errors:
/// invalid_argument: the setting, its value, what was expected; for an unknown name the nearest
/// one.
Result<train::Settings> gather_train_settings(const TrainFlags& flags);

/// Sets what a TOML text says. Errors: invalid_argument, with the line.
Result<void> apply_train_toml(train::Settings& settings, std::string_view text);

/// "--num_epochs=3" → "--num-epochs=3": options are written with either.
std::vector<std::string> with_dashes(const std::vector<std::string>& arguments);

/// "; did you mean --learning-rate?", or nothing.
std::string did_you_mean(const std::string& option);

}  // namespace liquid::cli
