#include "cli/setting_kinds.h"

#include <algorithm>
#include <charconv>

#include "base/log.h"

namespace liquid::cli {
namespace {

Error wrong_value(const std::string& name, const std::string& value, const std::string& expected) {
  return {ErrorCode::invalid_argument, name + ": expected " + expected + ", got '" + value + "'"};
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

// A JSON string is a TOML basic string.
std::string quoted(const std::string& text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

Result<std::string> one_value(const std::string& name, const std::vector<std::string>& values) {
  if (values.size() == 1) return values.front();
  return wrong_value(name, joined(values, ", "), "one value");
}

using TextSink = std::function<Result<void>(ServeSettings&, const std::string&)>;

// A setting that takes one value.
Setting single(const SettingHead& head, SettingKind kind, const std::string& value_name,
               TextSink sink) {
  Setting setting{head.group, head.name, kind, value_name, head.help, {}, {}};
  setting.set = [name = head.name, sink = std::move(sink)](ServeSettings& settings,
                                                           const std::vector<std::string>& values) {
    auto value = one_value(name, values);
    if (!value) return Result<void>(std::move(value).error());
    return sink(settings, *value);
  };
  return setting;
}

// `show` only reads, but a Field is asked for a reference that could be written.
template <typename T>
const T& value_of(const Field<T>& field, const ServeSettings& settings) {
  return field(const_cast<ServeSettings&>(settings));
}

Result<std::uint64_t> parse_number(const std::string& name, const std::string& value,
                                   const Range& range) {
  std::uint64_t number = 0;
  const char* end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, number);
  if (value.empty() || read.ec != std::errc() || read.ptr != end || number < range.least ||
      number > range.greatest) {
    return wrong_value(name, value,
                       "a whole number from " + std::to_string(range.least) + " to " +
                           std::to_string(range.greatest));
  }
  return number;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

Setting text_setting(const SettingHead& head, const std::string& value_name,
                     const Field<std::string>& field) {
  Setting setting = single(head, SettingKind::text, value_name,
                           [field](ServeSettings& settings, const std::string& value) {
                             field(settings) = value;
                             return Result<void>();
                           });
  setting.show = [field](const ServeSettings& settings) {
    return quoted(value_of(field, settings));
  };
  return setting;
}

Setting checked_setting(const SettingHead& head, const std::string& value_name,
                        const Field<std::string>& field,
                        const std::pair<TextCheck, std::string>& check) {
  Setting setting = text_setting(head, value_name, field);
  setting.set = [name = head.name, field, check](ServeSettings& settings,
                                                 const std::vector<std::string>& values) {
    const std::string value = joined(values, ", ");
    if (values.size() != 1 || !check.first(value)) {
      return Result<void>(wrong_value(name, value, check.second));
    }
    field(settings) = value;
    return Result<void>();
  };
  return setting;
}

Setting choice_setting(const SettingHead& head, const std::vector<std::string>& choices,
                       const Field<std::string>& field) {
  Setting setting =
      single(head, SettingKind::text, joined(choices, "|"),
             [name = head.name, choices, field](ServeSettings& settings, const std::string& value) {
               if (!contains(choices, value)) {
                 return Result<void>(wrong_value(name, value, joined(choices, " or ")));
               }
               field(settings) = value;
               return Result<void>();
             });
  setting.show = [field](const ServeSettings& settings) {
    return quoted(value_of(field, settings));
  };
  return setting;
}

Setting optional_choice_setting(const SettingHead& head, const std::vector<std::string>& choices,
                                const Field<std::optional<std::string>>& field) {
  Setting setting =
      single(head, SettingKind::text, joined(choices, "|"),
             [name = head.name, choices, field](ServeSettings& settings, const std::string& value) {
               if (!contains(choices, value)) {
                 return Result<void>(wrong_value(name, value, joined(choices, " or ")));
               }
               field(settings) = value;
               return Result<void>();
             });
  setting.show = [field](const ServeSettings& settings) {
    const auto& value = value_of(field, settings);
    return value ? quoted(*value) : std::string();
  };
  return setting;
}

Setting number_setting(const SettingHead& head, Range range, const Field<std::uint64_t>& field) {
  Setting setting =
      single(head, SettingKind::number, "N",
             [name = head.name, range, field](ServeSettings& settings, const std::string& value) {
               const auto number = parse_number(name, value, range);
               if (!number) return Result<void>(number.error());
               field(settings) = *number;
               return Result<void>();
             });
  setting.show = [field](const ServeSettings& settings) {
    return std::to_string(value_of(field, settings));
  };
  return setting;
}

Setting optional_number_setting(const SettingHead& head, Range range,
                                const Field<std::optional<std::uint64_t>>& field) {
  Setting setting =
      single(head, SettingKind::number, "N",
             [name = head.name, range, field](ServeSettings& settings, const std::string& value) {
               const auto number = parse_number(name, value, range);
               if (!number) return Result<void>(number.error());
               field(settings) = *number;
               return Result<void>();
             });
  setting.show = [field](const ServeSettings& settings) {
    const auto& value = value_of(field, settings);
    return value ? std::to_string(*value) : std::string();
  };
  return setting;
}

namespace {

Setting two_way(const SettingHead& head, const std::pair<std::string, std::string>& words,
                const Field<bool>& field) {
  const auto [yes, no] = words;
  return single(head, SettingKind::text, yes + "|" + no,
                [name = head.name, yes = yes, no = no, field](ServeSettings& settings,
                                                              const std::string& value) {
                  if (value != yes && value != no) {
                    return Result<void>(wrong_value(name, value, yes + " or " + no));
                  }
                  field(settings) = value == yes;
                  return Result<void>();
                });
}

}  // namespace

Setting flag_setting(const SettingHead& head, const Field<bool>& field) {
  Setting setting = two_way(head, {"true", "false"}, field);
  setting.kind = SettingKind::flag;
  setting.show = [field](const ServeSettings& settings) {
    return std::string(value_of(field, settings) ? "true" : "false");
  };
  return setting;
}

Setting switch_setting(const SettingHead& head, const Field<bool>& field) {
  Setting setting = two_way(head, {"on", "off"}, field);
  setting.show = [field](const ServeSettings& settings) {
    return std::string(value_of(field, settings) ? "\"on\"" : "\"off\"");
  };
  return setting;
}

Setting list_setting(const SettingHead& head, const std::string& value_name,
                     const Field<std::vector<std::string>>& field,
                     const std::pair<TextCheck, std::string>& check) {
  Setting setting{head.group, head.name, SettingKind::list, value_name, head.help, {}, {}};
  setting.set = [name = head.name, field, check](ServeSettings& settings,
                                                 const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      if (!check.first(value)) return Result<void>(wrong_value(name, value, check.second));
    }
    field(settings) = values;
    return Result<void>();
  };
  setting.show = [field](const ServeSettings& settings) {
    std::vector<std::string> words;
    for (const std::string& value : value_of(field, settings)) words.push_back(quoted(value));
    return "[" + joined(words, ", ") + "]";
  };
  return setting;
}

Setting secret_setting(const SettingHead& head, const Field<std::string>& field) {
  Setting setting = text_setting(head, "KEY", field);
  setting.kind = SettingKind::secret;
  setting.show = [](const ServeSettings&) { return std::string(); };
  return setting;
}

}  // namespace liquid::cli
