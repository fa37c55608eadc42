#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/entities.h"

// The files of an export folder as text; the grammar stands in the source. What `write` made,
// `parse` reads as the same value. Errors: data_corrupt (names what is wrong), unsupported (a
// version of the format that is not known).

namespace liquid::tracking::transfer {

/// What stands in export.json.
struct ExportHead {
  std::string source;  ///< The store it came from.
  Experiment experiment;
  std::vector<RunId> runs;
  std::vector<ModelId> models;
  std::vector<RegisteredModel> registered_models;  ///< Without `latest_versions`.
  std::vector<ModelVersion> versions;
};

std::string write_head(const ExportHead& head);
Result<ExportHead> parse_head(std::string_view text);

/// With its latest metrics, of which metrics.jsonl has all points.
std::string write_run(const Run& run);
Result<Run> parse_run(std::string_view text);

std::string write_model(const LoggedModel& model);
Result<LoggedModel> parse_model(std::string_view text);

/// One line, without the line's end.
std::string write_point(const Metric& point);
Result<Metric> parse_point(std::string_view line);

/// Whether an id can name a file: letters, digits, '-' and '_'.
Result<void> check_file_name(std::string_view id);

}  // namespace liquid::tracking::transfer
