#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "train/setting_table.h"

// How the rows of setting_table.cpp are made: one function for each kind of value.

namespace liquid::train {

/// What every row begins with.
struct SettingHead {
  std::string group;
  std::string name;
  std::string help;
  std::vector<std::string> aliases = {};
};

template <typename T>
using Field = std::function<T&(Settings&)>;

template <typename T>
struct Bounds {
  T least{};
  T most = std::numeric_limits<T>::max();
  enum class Least { included, excluded } edge = Least::included;
};

Setting text_setting(const SettingHead& head, const std::string& value_name,
                     const Field<std::string>& field);
Setting list_setting(const SettingHead& head, const std::string& value_name,
                     const Field<std::vector<std::string>>& field);
Setting number_setting(const SettingHead& head, const Bounds<std::int64_t>& bounds,
                       const Field<std::int64_t>& field);
Setting fraction_setting(const SettingHead& head, const Bounds<double>& bounds,
                         const Field<double>& field);
Setting flag_setting(const SettingHead& head, const Field<bool>& field);

/// The words that a value may be, and what each means.
template <typename T>
using Words = std::vector<std::pair<std::string, T>>;

/// The wording of a wrong value, the same for every kind.
Error wrong_value(const std::string& name, const std::string& value, const std::string& expected);

/// "a, b or c"
std::string alternatives(const std::vector<std::string>& words);

/// Shortest decimal that reads back as the same number.
std::string decimal(double value);

/// The first word of a meaning is the one it is shown with; the others are other names for it.
template <typename T>
Setting choice_setting(const SettingHead& head, const Words<T>& words, const Field<T>& field) {
  std::vector<std::string> names;
  names.reserve(words.size());
  for (const auto& [word, meaning] : words) names.push_back(word);
  Setting setting{head.group, head.name, head.aliases, SettingKind::text,
                  "WORD",     head.help, {},           {}};
  setting.set = [name = head.name, words, names, field](Settings& settings,
                                                        const std::vector<std::string>& values) {
    for (const auto& [word, meaning] : words) {
      if (word != values.back()) continue;
      field(settings) = meaning;
      return Result<void>();
    }
    return Result<void>(wrong_value(name, values.back(), alternatives(names)));
  };
  setting.get = [words, field](const Settings& settings) {
    Settings copy = settings;
    for (const auto& [word, meaning] : words) {
      if (field(copy) == meaning) return std::vector<std::string>{word};
    }
    return std::vector<std::string>{};
  };
  return setting;
}

}  // namespace liquid::train
