#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "formats/yaml.h"
#include "formats/yaml_scalar.h"

// The layout of PyYAML's safe_dump: block style, two blanks per map level, list items at the indent
// of their key, empty collections as [] and {}.

namespace liquid::formats {
namespace {

bool is_filled(const YamlNode& node) {
  if (const auto* list = std::get_if<YamlList>(&node.value)) return !list->empty();
  if (const auto* map = std::get_if<YamlMap>(&node.value)) return !map->empty();
  return false;
}

std::string one_line(const YamlNode& node) {
  struct Spelling {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return yaml_double(value); }
    std::string operator()(const std::string& value) const { return quoted_where_needed(value); }
    std::string operator()(const YamlList&) const { return "[]"; }
    std::string operator()(const YamlMap&) const { return "{}"; }
  };
  return std::visit(Spelling{}, node.value);
}

void write_map(std::string& out, const YamlMap& map, std::size_t indent);

/// The cursor stands behind the indent of the first line.
void write_list(std::string& out, const YamlList& list, std::size_t indent) {
  bool first = true;
  for (const YamlNode& item : list) {
    if (!first) out.append(indent, ' ');
    first = false;
    out += "- ";
    if (!is_filled(item)) {
      out += one_line(item) + '\n';
    } else if (const auto* inner = std::get_if<YamlList>(&item.value)) {
      write_list(out, *inner, indent + 2);
    } else {
      write_map(out, std::get<YamlMap>(item.value), indent + 2);
    }
  }
}

/// Keys beyond 128 characters need the "? " form; 1024 is YAML's own limit for the short one.
void write_key(std::string& out, const std::string& key, std::size_t indent) {
  const std::string text = quoted_where_needed(key);
  if (text.size() <= 128) {
    out += text + ':';
  } else {
    out += "? " + text + '\n';
    out.append(indent, ' ');
    out += ':';
  }
}

void write_map(std::string& out, const YamlMap& map, std::size_t indent) {
  bool first = true;
  for (const YamlEntry& entry : map) {
    if (!first) out.append(indent, ' ');
    first = false;
    write_key(out, entry.key, indent);
    if (!is_filled(entry.value)) {
      out += ' ' + one_line(entry.value) + '\n';
    } else if (const auto* list = std::get_if<YamlList>(&entry.value.value)) {
      out += '\n';
      out.append(indent, ' ');
      write_list(out, *list, indent);
    } else {
      out += '\n';
      out.append(indent + 2, ' ');
      write_map(out, std::get<YamlMap>(entry.value.value), indent + 2);
    }
  }
}

boost::json::value as_json(const YamlNode& node) {
  struct Conversion {
    boost::json::value operator()(std::monostate) const { return nullptr; }
    boost::json::value operator()(bool value) const { return value; }
    boost::json::value operator()(std::int64_t value) const { return value; }
    boost::json::value operator()(double value) const {
      return std::isfinite(value) ? boost::json::value(value) : boost::json::value(nullptr);
    }
    boost::json::value operator()(const std::string& value) const {
      return boost::json::value(value);
    }
    boost::json::value operator()(const YamlList& list) const {
      boost::json::array array;
      for (const YamlNode& item : list) array.push_back(as_json(item));
      return array;
    }
    boost::json::value operator()(const YamlMap& map) const {
      boost::json::object object;
      for (const YamlEntry& entry : map) object[entry.key] = as_json(entry.value);
      return object;
    }
  };
  return std::visit(Conversion{}, node.value);
}

}  // namespace

bool YamlNode::operator==(const YamlNode& other) const {
  const auto* left = std::get_if<double>(&value);
  const auto* right = std::get_if<double>(&other.value);
  if (left != nullptr && right != nullptr && std::isnan(*left)) return std::isnan(*right);
  return value == other.value;
}

std::string write_yaml(const YamlNode& node) {
  std::string out;
  if (!is_filled(node)) {
    out = one_line(node) + '\n';
  } else if (const auto* list = std::get_if<YamlList>(&node.value)) {
    write_list(out, *list, 0);
  } else {
    write_map(out, std::get<YamlMap>(node.value), 0);
  }
  return out;
}

std::string yaml_as_json(const YamlNode& node) { return boost::json::serialize(as_json(node)); }

const YamlNode* find(const YamlMap& map, std::string_view key) {
  const auto entry = std::find_if(
      map.begin(), map.end(), [key](const YamlEntry& candidate) { return candidate.key == key; });
  return entry == map.end() ? nullptr : &entry->value;
}

void set(YamlMap& map, std::string key, YamlNode value) {
  for (YamlEntry& entry : map) {
    if (entry.key == key) {
      entry.value = std::move(value);
      return;
    }
  }
  map.push_back({std::move(key), std::move(value)});
}

std::string_view text_of(const YamlNode& node) {
  const auto* text = std::get_if<std::string>(&node.value);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

}  // namespace liquid::formats
