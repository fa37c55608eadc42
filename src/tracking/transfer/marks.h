#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/entities.h"

// How a copy says what it is a copy of, and how ids change on the way.

namespace liquid::tracking::transfer {

inline constexpr std::string_view kSourceRun = "liquid.source_run_id";
inline constexpr std::string_view kSourceStore = "liquid.source_store";
inline constexpr std::string_view kSourceModel = "liquid.source_model_id";
inline constexpr std::string_view kSourceVersion = "liquid.source_version";
/// State of the source when the copy was finished: `fingerprint`.
inline constexpr std::string_view kState = "liquid.transfer_state";
inline constexpr std::string_view kParent = "mlflow.parentRunId";
inline constexpr std::string_view kModelHistory = "mlflow.log-model.history";

bool is_mark(std::string_view key);

/// The value of a tag; empty when there is none.
std::string tag_of(const std::vector<Tag>& tags, std::string_view key);

/// The id that the first of a chain of copies had.
std::string origin_of(const Run& run);
std::string origin_of(const LoggedModel& model);

/// Tells two states of one run apart, by everything but its older points.
std::string fingerprint(const Run& run);

/// Ids at the source and what they became: runs and logged models.
using NewIds = std::map<std::string, std::string, std::less<>>;

/// The text with every id that has a new one replaced; ids are looked for as whole words.
std::string translated(std::string_view text, const NewIds& ids);

/// The filter of the search language that finds a tag's value.
std::string tag_filter(std::string_view key, std::string_view value);

}  // namespace liquid::tracking::transfer
