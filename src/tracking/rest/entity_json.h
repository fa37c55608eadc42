#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/entities.h"
#include "tracking/rest/fields.h"

// Entities of experiments, runs and logged models ↔ the JSON of MLflow's REST API.

namespace liquid::tracking::rest {

/// {"key": …, "value": …}, MLflow's shape of a tag and of a parameter.
boost::json::object pair_json(std::string_view key, std::string_view value);
boost::json::array tags_json(const std::vector<Tag>& tags);
boost::json::array params_json(const std::vector<Param>& params);
boost::json::object metric_json(const Metric& metric);
boost::json::object dataset_input_json(const DatasetInput& input);
boost::json::array texts_json(const std::vector<std::string>& texts);
boost::json::string text_json(std::string_view text);

/// Sorted by key.
std::vector<Tag> read_tags(const Fields& outer);
std::vector<Metric> read_metrics(const Fields& outer);
Experiment read_experiment(const Fields& fields);
RunInfo read_run_info(const Fields& fields);
Run read_run(const Fields& fields);
LoggedModel read_logged_model(const Fields& fields);

}  // namespace liquid::tracking::rest
