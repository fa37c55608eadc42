#include "tracking/rest/fields.h"

#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <limits>

#include "tracking/rest/json_text.h"

namespace liquid::tracking::rest {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxShown = 80;
constexpr double kTwoTo63 = 9223372036854775808.0;

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

template <typename Number>
std::optional<Number> number_from(std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::optional<std::int64_t> whole_from(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_string()) return number_from<std::int64_t>(view(value.get_string()));
  if (!value.is_double()) return std::nullopt;
  const double number = value.get_double();
  if (number != std::floor(number) || number < -kTwoTo63 || number >= kTwoTo63) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<double> double_from(const json::value& value) {
  if (value.is_double()) return value.get_double();
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  if (!value.is_string()) return std::nullopt;
  const std::string_view text = view(value.get_string());
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  const auto number = number_from<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

const json::object& nothing() {
  static const json::object kNothing;
  return kNothing;
}

}  // namespace

Fields::Fields(const json::object& object, FieldProblem& problem)
    : object_(&object), problem_(problem) {}

Fields::Fields(const json::object* object, const Fields& outer, std::string_view name,
               std::optional<std::size_t> index)
    : object_(object), problem_(outer.problem_), outer_(&outer), name_(name), index_(index) {}

bool Fields::has(std::string_view name) const { return find(name) != nullptr; }

std::string Fields::text(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(view(value->get_string()));
  refuse(name, *value, "text");
  return {};
}

std::string Fields::required_text(std::string_view name) const {
  std::string value = text(name);
  if (value.empty()) miss(name);
  return value;
}

std::string Fields::label(std::string_view name) const {
  const json::value* value = find(name);
  if (value != nullptr && value->is_int64()) return std::to_string(value->get_int64());
  return text(name);
}

std::string Fields::required_label(std::string_view name) const {
  std::string value = label(name);
  if (value.empty()) miss(name);
  return value;
}

std::int64_t Fields::whole(std::string_view name) const {
  return whole_if_present(name).value_or(0);
}

std::optional<std::int64_t> Fields::whole_if_present(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto number = whole_from(*value);
  if (!number) refuse(name, *value, "a whole number");
  return number;
}

double Fields::number(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return 0.0;
  const auto number = double_from(*value);
  if (!number) refuse(name, *value, "a number");
  return number.value_or(0.0);
}

bool Fields::truth(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return false;
  if (value->is_bool()) return value->get_bool();
  refuse(name, *value, "true or false");
  return false;
}

Fields Fields::object(std::string_view name) const {
  const json::value* value = find(name);
  if (value != nullptr && value->is_object()) {
    return {&value->get_object(), *this, name, std::nullopt};
  }
  if (value != nullptr) refuse(name, *value, "an object");
  return {&nothing(), *this, name, std::nullopt};
}

Fields Fields::required_object(std::string_view name) const {
  if (!has(name)) miss(name);
  return object(name);
}

void Fields::each(std::string_view name, const std::function<void(const Fields&)>& take) const {
  const json::array* items = array(name);
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
    const json::value& item = (*items)[i];
    if (item.is_object()) {
      take(Fields(&item.get_object(), *this, name, i));
    } else {
      refuse(name, item, "a list of objects");
    }
  }
}

void Fields::each_text(std::string_view name, const std::function<void(std::string)>& take) const {
  const json::array* items = array(name);
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
    const json::value& item = (*items)[i];
    if (item.is_string()) {
      take(std::string(view(item.get_string())));
    } else {
      refuse(name, item, "a list of texts");
    }
  }
}

const json::value* Fields::find(std::string_view name) const {
  const json::value* value = object_->if_contains({name.data(), name.size()});
  return value == nullptr || value->is_null() ? nullptr : value;
}

const json::array* Fields::array(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return nullptr;
  if (value->is_array()) return &value->get_array();
  refuse(name, *value, "a list");
  return nullptr;
}

std::string Fields::path() const {
  if (outer_ == nullptr) return {};
  std::string path = outer_->path() + std::string(name_);
  if (index_) path += '[' + std::to_string(*index_) + ']';
  return path + '.';
}

void Fields::refuse(std::string_view name, const json::value& value,
                    std::string_view expected) const {
  if (!problem_.text.empty()) return;
  std::string shown = json::serialize(value);
  if (shown.size() > kMaxShown) shown = well_formed(shown.substr(0, kMaxShown)) + "…";
  note("field " + path() + std::string(name) + " is " + shown + ", expected " +
       std::string(expected));
}

void Fields::miss(std::string_view name) const {
  if (problem_.text.empty()) note("field " + path() + std::string(name) + " is missing");
}

void Fields::note(std::string text) const {
  if (problem_.text.empty()) problem_.text = std::move(text);
}

}  // namespace liquid::tracking::rest
