#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace liquid::formats {

struct YamlEntry;
using YamlList = std::vector<struct YamlNode>;
/// In the order of the file; keys are unique.
using YamlMap = std::vector<YamlEntry>;

/// A YAML value as PyYAML's safe loader sees it (YAML 1.1: a plain `yes` is true, `3.10` a number).
/// Dates stay text. `std::monostate` is null.
struct YamlNode {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, YamlList, YamlMap> value;
  bool operator==(const YamlNode&) const;
};

struct YamlEntry {
  std::string key;
  YamlNode value;
  bool operator==(const YamlEntry&) const = default;
};

/// What a text may ask of its reader; beyond it is resource_exhausted.
struct YamlLimits {
  std::size_t max_bytes = std::size_t{8} << 20;
  std::size_t max_depth = 64;
  std::size_t max_nodes = 500'000;  ///< With every use of an alias counted anew.
  std::size_t max_copied_bytes = std::size_t{16} << 20;  ///< Text that aliases repeat.
};

/// One document. Errors: data_corrupt (line, and what is wrong: syntax, bytes that are no UTF-8, a
/// second document, tags of other languages' objects, keys that are no scalars),
/// resource_exhausted.
Result<YamlNode> parse_yaml(std::string_view text, const YamlLimits& limits = {});

/// Block style, as PyYAML's `safe_dump` lays it out: reading it gives an equal value. Text that is
/// not UTF-8 has its bad bytes replaced by U+FFFD.
std::string write_yaml(const YamlNode& node);

/// As JSON; NaN and infinities, which JSON lacks, become null.
std::string yaml_as_json(const YamlNode& node);

/// The value of `key`, or nullptr. The pointer lives as long as the map is not changed.
const YamlNode* find(const YamlMap& map, std::string_view key);
/// Replaces the value of `key`, or puts the pair at the end.
void set(YamlMap& map, std::string key, YamlNode value);
/// Text of a string; empty for everything else.
std::string_view text_of(const YamlNode& node);

}  // namespace liquid::formats
