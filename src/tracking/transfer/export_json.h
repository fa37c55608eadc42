#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/entities.h"

// JSON of the entities in an export folder.

namespace liquid::tracking::transfer {

/// Reads fields of objects and remembers the first that is not what it should be.
class FieldReader {
 public:
  /// Absent fields read as empty or 0.
  std::string text(const boost::json::object& object, std::string_view key);
  std::int64_t integer(const boost::json::object& object, std::string_view key);
  double number(const boost::json::object& object, std::string_view key);
  const boost::json::object& object(const boost::json::object& parent, std::string_view key);

  /// `read` of every object in the array.
  template <typename Entity, typename Read>
  std::vector<Entity> list(const boost::json::object& parent, std::string_view key, Read&& read) {
    std::vector<Entity> entities;
    for (const boost::json::value& value : array(parent, key)) {
      if (const auto* each = value.if_object()) {
        entities.push_back(read(*this, *each));
      } else {
        wrong(key, "an array of objects");
      }
    }
    return entities;
  }

  void wrong(std::string_view key, std::string_view expected);
  const std::string& problem() const { return problem_; }

 private:
  const boost::json::array& array(const boost::json::object& parent, std::string_view key);
  std::string problem_;
};

boost::json::object json_of(const Experiment& experiment);
boost::json::object json_of(const Run& run);
boost::json::object json_of(const LoggedModel& model);
boost::json::object json_of(const RegisteredModel& model);
boost::json::object json_of(const ModelVersion& version);
boost::json::object json_of(const Metric& metric);

Experiment read_experiment(FieldReader& fields, const boost::json::object& object);
Run read_run(FieldReader& fields, const boost::json::object& object);
LoggedModel read_logged_model(FieldReader& fields, const boost::json::object& object);
RegisteredModel read_registered_model(FieldReader& fields, const boost::json::object& object);
ModelVersion read_version(FieldReader& fields, const boost::json::object& object);
Metric read_metric(FieldReader& fields, const boost::json::object& object);

}  // namespace liquid::tracking::transfer
