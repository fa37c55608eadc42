#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "base/unicode.h"
#include "formats/yaml.h"
#include "formats/yaml_scalar.h"

// yaml-cpp's parser tells events, and they are built up here, because its own tree neither counts
// what aliases multiply nor tells a quoted "yes" from a plain one. The library throws; this file is
// where that ends.

namespace liquid::formats {
namespace {

/// Ends the parse early; never leaves this file.
struct Refusal {
  Error error;
};

[[noreturn]] void refuse(ErrorCode code, const YAML::Mark& mark, const std::string& message) {
  const std::string line = mark.is_null() ? "?" : std::to_string(mark.line + 1);
  throw Refusal{{code, "YAML, line " + line + ": " + message}};
}

std::size_t node_count(const YamlNode& node) {
  std::size_t count = 1;
  if (const auto* list = std::get_if<YamlList>(&node.value)) {
    for (const YamlNode& item : *list) count += node_count(item);
  } else if (const auto* map = std::get_if<YamlMap>(&node.value)) {
    for (const YamlEntry& entry : *map) count += node_count(entry.value);
  }
  return count;
}

std::size_t text_bytes(const YamlNode& node) {
  std::size_t bytes = text_of(node).size();
  if (const auto* list = std::get_if<YamlList>(&node.value)) {
    for (const YamlNode& item : *list) bytes += text_bytes(item);
  } else if (const auto* map = std::get_if<YamlMap>(&node.value)) {
    for (const YamlEntry& entry : *map) bytes += entry.key.size() + text_bytes(entry.value);
  }
  return bytes;
}

/// What PyYAML's safe loader builds; every other tag asks for an object of some language.
bool is_known_tag(std::string_view tag) {
  constexpr std::string_view kPrefix = "tag:yaml.org,2002:";
  if (tag.empty() || tag == "?" || tag == "!") return true;
  if (!tag.starts_with(kPrefix)) return false;
  constexpr std::string_view kKinds[] = {"str", "int",       "float", "bool", "null",  "seq",
                                         "map", "timestamp", "omap",  "set",  "binary"};
  return std::find(std::begin(kKinds), std::end(kKinds), tag.substr(kPrefix.size())) !=
         std::end(kKinds);
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const YamlLimits& limits) : limits_(limits) {}

  YamlNode take_root() { return root_ ? std::move(*root_) : YamlNode{}; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(ErrorCode::data_corrupt, mark, "a second document begins");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, anchor, YamlNode{}, "null");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    check_tag(mark, tag);
    add(mark, anchor, scalar(tag, text), text);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) {
      refuse(ErrorCode::data_corrupt, mark, "an alias stands inside what it repeats");
    }
    charge_copy(mark, known->second);
    add(mark, 0, known->second, text_of(known->second));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, YamlNode{YamlList{}});
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, YamlNode{YamlMap{}});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    YAML::Mark mark;
    std::optional<std::string> key;                          ///< Read, its value not yet.
    std::map<std::string, std::size_t, std::less<>> places;  ///< Of the map's keys.
  };

  static YamlNode scalar(const std::string& tag, const std::string& text) {
    const bool plain = tag == "?" || tag.empty();
    const bool as_text = tag == "!" || tag.ends_with(":str") || tag.ends_with(":binary");
    if (plain || !as_text) return plain_scalar(text);
    return YamlNode{text};
  }

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!is_known_tag(tag)) {
      refuse(ErrorCode::data_corrupt, mark,
             "the tag '" + tag + "' asks for an object, not a value");
    }
  }

  void charge(const YAML::Mark& mark, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > limits_.max_nodes) {
      refuse(ErrorCode::resource_exhausted, mark,
             "more than " + std::to_string(limits_.max_nodes) + " values");
    }
  }

  void charge_copy(const YAML::Mark& mark, const YamlNode& node) {
    charge(mark, node_count(node));
    copied_bytes_ += text_bytes(node);
    if (copied_bytes_ > limits_.max_copied_bytes) {
      refuse(ErrorCode::resource_exhausted, mark,
             "aliases repeat more than " + std::to_string(limits_.max_copied_bytes) + " bytes");
    }
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode node) {
    check_tag(mark, tag);
    if (frames_.size() >= limits_.max_depth) {
      refuse(ErrorCode::resource_exhausted, mark,
             "nested deeper than " + std::to_string(limits_.max_depth));
    }
    if (!frames_.empty() && awaits_key(frames_.back())) {
      refuse(ErrorCode::data_corrupt, mark, "a key is a list or a map; only texts and numbers can");
    }
    charge(mark, 1);
    frames_.push_back(Frame{std::move(node), anchor, mark, std::nullopt, {}});
  }

  void close() {
    Frame done = std::move(frames_.back());
    frames_.pop_back();
    attach(done.mark, done.anchor, std::move(done.node));
  }

  static bool awaits_key(const Frame& frame) {
    return std::holds_alternative<YamlMap>(frame.node.value) && !frame.key;
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode node, std::string_view text) {
    charge(mark, 1);
    if (!frames_.empty() && awaits_key(frames_.back())) {
      if (std::holds_alternative<YamlList>(node.value) ||
          std::holds_alternative<YamlMap>(node.value)) {
        refuse(ErrorCode::data_corrupt, mark,
               "a key is a list or a map; only texts and numbers can");
      }
      frames_.back().key = std::string(text);
      remember(mark, anchor, node);
      return;
    }
    attach(mark, anchor, std::move(node));
  }

  void attach(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode node) {
    remember(mark, anchor, node);
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& top = frames_.back();
    if (auto* list = std::get_if<YamlList>(&top.node.value)) {
      list->push_back(std::move(node));
    } else {
      put(top, std::move(node));
    }
  }

  /// Of a key that comes twice the last value counts, as in PyYAML.
  static void put(Frame& frame, YamlNode node) {
    auto& map = std::get<YamlMap>(frame.node.value);
    const auto [place, is_new] = frame.places.try_emplace(*frame.key, map.size());
    if (is_new) {
      map.push_back({std::move(*frame.key), std::move(node)});
    } else {
      map[place->second].value = std::move(node);
    }
    frame.key.reset();
  }

  void remember(const YAML::Mark& mark, YAML::anchor_t anchor, const YamlNode& node) {
    if (anchor == 0) return;
    charge_copy(mark, node);
    anchors_[anchor] = node;
  }

  const YamlLimits& limits_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::optional<YamlNode> root_;
  std::size_t nodes_ = 0;
  std::size_t copied_bytes_ = 0;
  int documents_ = 0;
};

}  // namespace

Result<YamlNode> parse_yaml(std::string_view text, const YamlLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Error{ErrorCode::resource_exhausted, "YAML of " + std::to_string(text.size()) +
                                                    " bytes, the limit is " +
                                                    std::to_string(limits.max_bytes)};
  }
  if (!is_valid_utf8(text)) return Error{ErrorCode::data_corrupt, "YAML: the text is not UTF-8"};
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(limits);
    while (parser.HandleNextDocument(builder)) continue;
    return builder.take_root();
  } catch (const Refusal& refusal) {
    return refusal.error;
  } catch (const YAML::Exception& error) {
    const std::string line = error.mark.is_null() ? "?" : std::to_string(error.mark.line + 1);
    return Error{ErrorCode::data_corrupt, "YAML, line " + line + ": " + error.msg};
  }
}

}  // namespace liquid::formats
