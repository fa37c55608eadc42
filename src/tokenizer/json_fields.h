#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace liquid::tokenizer {

/// A JSON object with its place in the file ("model", "pre_tokenizer.pretokenizers[0]"), for errors
/// that say where they are. A view: the value must outlive it.
class JsonFields {
 public:
  /// Errors: data_corrupt when the value is no object.
  static Result<JsonFields> of(const boost::json::value& value, std::string place);

  const std::string& place() const { return place_; }
  std::string path(std::string_view field) const;

  /// Nothing when the field is absent or null.
  const boost::json::value* find(std::string_view field) const;
  /// Errors: data_corrupt when absent, null or no string.
  Result<std::string_view> text(std::string_view field) const;
  Result<JsonFields> object(std::string_view field) const;
  Result<const boost::json::array*> array(std::string_view field) const;
  Result<std::int64_t> number(std::string_view field) const;
  /// False when absent or null. Errors: data_corrupt when it is no boolean.
  Result<bool> flag(std::string_view field) const;

  /// Refuses the first field that is none of `known` and says something (not null, not false).
  /// Errors: unsupported.
  Result<void> only(std::initializer_list<std::string_view> known) const;

 private:
  JsonFields(const boost::json::object& object, std::string place)
      : object_(&object), place_(std::move(place)) {}

  const boost::json::object* object_;
  std::string place_;
};

}  // namespace liquid::tokenizer
