#pragma once

#include "tracking/entities.h"
#include "tracking/rest/fields.h"

// Entities of the model registry, out of the JSON of MLflow's REST API.

namespace liquid::tracking::rest {

RegisteredModel read_registered_model(const Fields& fields);
ModelVersion read_model_version(const Fields& fields);

}  // namespace liquid::tracking::rest
