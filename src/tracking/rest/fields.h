#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tracking/entities.h"

namespace liquid::tracking::rest {

/// The first field of an answer that is not what MLflow promises, e.g.
/// "field runs[3].info.start_time is \"soon\", expected a whole number". Empty: none so far.
struct FieldProblem {
  std::string text;
};

/// Reads the fields of one JSON object by proto JSON's rules: absent and null are the same, fields
/// nobody asks for are passed over, whole numbers may stand as text, doubles too ("NaN",
/// "Infinity", "-Infinity"). A field of another kind is noted in the problem and reads as absent,
/// so that code which fills a value needs no branches; whoever began looks at the problem at the
/// end.
///
/// An object read from another one must not outlive it.
class Fields {
 public:
  Fields(const boost::json::object& object, FieldProblem& problem);
  Fields(boost::json::object&& temporary, FieldProblem& problem) = delete;

  bool has(std::string_view name) const;
  std::string text(std::string_view name) const;
  /// Text that must be there and not be empty.
  std::string required_text(std::string_view name) const;
  /// An id or version: text, or digits as a number.
  std::string label(std::string_view name) const;
  std::string required_label(std::string_view name) const;
  std::int64_t whole(std::string_view name) const;
  std::optional<std::int64_t> whole_if_present(std::string_view name) const;
  double number(std::string_view name) const;
  bool truth(std::string_view name) const;

  Fields object(std::string_view name) const;
  Fields required_object(std::string_view name) const;
  void each(std::string_view name, const std::function<void(const Fields&)>& take) const;
  void each_text(std::string_view name, const std::function<void(std::string)>& take) const;

  /// An enumeration by name, or by the number that proto gives it: `first_number` is that of the
  /// first enumerator.
  template <typename Enum>
  struct Names {
    std::optional<Enum> (*from_name)(std::string_view name);
    std::string_view (*name_of)(Enum value);
    std::int64_t first_number;
  };
  template <typename Enum>
  Enum choice(std::string_view name, Enum if_absent, Names<Enum> names) const;

 private:
  Fields(const boost::json::object* object, const Fields& outer, std::string_view name,
         std::optional<std::size_t> index);

  const boost::json::value* find(std::string_view name) const;
  const boost::json::array* array(std::string_view name) const;
  std::string path() const;
  void refuse(std::string_view name, const boost::json::value& value,
              std::string_view expected) const;
  void miss(std::string_view name) const;
  void note(std::string text) const;

  const boost::json::object* object_;
  FieldProblem& problem_;
  const Fields* outer_ = nullptr;
  std::string_view name_;
  std::optional<std::size_t> index_;
};

template <typename Enum>
Enum Fields::choice(std::string_view name, Enum if_absent, Names<Enum> names) const {
  const boost::json::value* value = find(name);
  if (value == nullptr) return if_absent;
  if (value->is_string()) {
    const boost::json::string& text = value->get_string();
    if (const auto read = names.from_name({text.data(), text.size()})) return *read;
  } else if (value->is_int64()) {
    const std::int64_t position = value->get_int64() - names.first_number;
    const auto candidate = static_cast<Enum>(position);
    if (position >= 0 && position < 16 && !names.name_of(candidate).empty()) return candidate;
  }
  refuse(name, *value, "one of MLflow's names");
  return if_absent;
}

}  // namespace liquid::tracking::rest
