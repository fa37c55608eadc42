#pragma once

#include <string>
#include <vector>

#include "cli/listing.h"
#include "tracking/entities.h"

namespace liquid::cli {

Listing models_listing(const std::vector<tracking::RegisteredModel>& models);
Listing versions_listing(const std::vector<tracking::ModelVersion>& versions);

/// Searches of versions do not tell the aliases; the model does.
void add_aliases(const tracking::RegisteredModel& model,
                 std::vector<tracking::ModelVersion>& versions);

std::string model_details(const tracking::RegisteredModel& model);
std::string model_details(const tracking::LoggedModel& model);
std::string version_details(const tracking::ModelVersion& version);

std::string stage_text(tracking::Stage stage);

}  // namespace liquid::cli
