#pragma once

#include <optional>
#include <string_view>

#include "tracking/entities.h"

// How MLflow spells the enumerations, on the wire and in its tables.

namespace liquid::tracking {

/// "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED".
std::string_view run_status_name(RunStatus status);
std::optional<RunStatus> run_status_from(std::string_view name);

/// "active", "deleted".
std::string_view lifecycle_stage_name(LifecycleStage stage);
std::optional<LifecycleStage> lifecycle_stage_from(std::string_view name);

/// "None", "Staging", "Production", "Archived"; read without regard to case.
std::string_view stage_name(Stage stage);
std::optional<Stage> stage_from(std::string_view name);

/// "PENDING_REGISTRATION", "FAILED_REGISTRATION", "READY".
std::string_view model_version_status_name(ModelVersionStatus status);
std::optional<ModelVersionStatus> model_version_status_from(std::string_view name);

/// "LOGGED_MODEL_PENDING", … as on the wire.
std::string_view logged_model_status_name(LoggedModelStatus status);
std::optional<LoggedModelStatus> logged_model_status_from(std::string_view name);

/// "ACTIVE_ONLY", "DELETED_ONLY", "ALL".
std::string_view view_type_name(ViewType view);

}  // namespace liquid::tracking
