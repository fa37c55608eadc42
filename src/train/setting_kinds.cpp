#include "train/setting_kinds.h"

#include <charconv>
#include <cmath>

namespace liquid::train {
namespace {

template <typename T>
T value_of(const Field<T>& field, const Settings& settings) {
  Settings copy = settings;  // a field is reached through settings that may be changed
  return field(copy);
}

template <typename T>
std::optional<T> parse(const std::string& text) {
  T value{};
  const char* begin = text.data() + (text.size() > 1 && text.front() == '+' ? 1 : 0);
  const auto read = std::from_chars(begin, text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string shown(std::int64_t value) { return std::to_string(value); }
std::string shown(double value) { return decimal(value); }

template <typename T>
std::string expectation(const std::string& kind, const Bounds<T>& bounds) {
  const bool open = bounds.edge == Bounds<T>::Least::excluded;
  if (bounds.most == std::numeric_limits<T>::max()) {
    return kind + (open ? " above " : ", at least ") + shown(bounds.least);
  }
  return kind + (open ? " above " : " from ") + shown(bounds.least) +
         (open ? ", at most " : " to ") + shown(bounds.most);
}

template <typename T>
bool fits(const T& value, const Bounds<T>& bounds) {
  const bool open = bounds.edge == Bounds<T>::Least::excluded;
  return (open ? value > bounds.least : value >= bounds.least) && value <= bounds.most;
}

template <typename T>
Setting bounded(const SettingHead& head, Setting setting, const Bounds<T>& bounds,
                const Field<T>& field) {
  const std::string expected =
      expectation(setting.kind == SettingKind::number ? "a whole number" : "a number", bounds);
  setting.set = [name = head.name, bounds, field, expected](
                    Settings& settings, const std::vector<std::string>& values) -> Result<void> {
    const std::optional<T> value = parse<T>(values.back());
    if (!value || !fits(*value, bounds)) return wrong_value(name, values.back(), expected);
    field(settings) = *value;
    return {};
  };
  setting.get = [field](const Settings& settings) {
    return std::vector<std::string>{shown(value_of(field, settings))};
  };
  return setting;
}

}  // namespace

Error wrong_value(const std::string& name, const std::string& value, const std::string& expected) {
  return {ErrorCode::invalid_argument, name + ": expected " + expected + ", got '" + value + "'"};
}

std::string alternatives(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

// As Python writes it: 0.0002, 2e-05.
std::string decimal(double value) {
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  return {text, end};
}

Setting text_setting(const SettingHead& head, const std::string& value_name,
                     const Field<std::string>& field) {
  Setting setting{head.group, head.name, head.aliases, SettingKind::text,
                  value_name, head.help, {},           {}};
  setting.set = [field](Settings& settings, const std::vector<std::string>& values) {
    field(settings) = values.back();
    return Result<void>();
  };
  setting.get = [field](const Settings& settings) {
    std::vector<std::string> values{value_of(field, settings)};
    if (values.front().empty()) values.clear();
    return values;
  };
  return setting;
}

Setting list_setting(const SettingHead& head, const std::string& value_name,
                     const Field<std::vector<std::string>>& field) {
  Setting setting{head.group, head.name, head.aliases, SettingKind::list,
                  value_name, head.help, {},           {}};
  setting.set = [field](Settings& settings, const std::vector<std::string>& values) {
    field(settings) = values;
    return Result<void>();
  };
  setting.get = [field](const Settings& settings) { return value_of(field, settings); };
  return setting;
}

Setting number_setting(const SettingHead& head, const Bounds<std::int64_t>& bounds,
                       const Field<std::int64_t>& field) {
  return bounded(head,
                 {head.group, head.name, head.aliases, SettingKind::number, "N", head.help, {}, {}},
                 bounds, field);
}

Setting fraction_setting(const SettingHead& head, const Bounds<double>& bounds,
                         const Field<double>& field) {
  return bounded(
      head, {head.group, head.name, head.aliases, SettingKind::fraction, "X", head.help, {}, {}},
      bounds, field);
}

Setting flag_setting(const SettingHead& head, const Field<bool>& field) {
  Setting setting{head.group, head.name, head.aliases, SettingKind::flag, "", head.help, {}, {}};
  setting.set = [name = head.name, field](Settings& settings,
                                          const std::vector<std::string>& values) -> Result<void> {
    const std::string& value = values.back();
    if (value != "true" && value != "false") return wrong_value(name, value, "true or false");
    field(settings) = value == "true";
    return {};
  };
  setting.get = [field](const Settings& settings) {
    return std::vector<std::string>{value_of(field, settings) ? "true" : "false"};
  };
  return setting;
}

}  // namespace liquid::train
