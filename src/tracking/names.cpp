#include "tracking/names.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace liquid::tracking {
namespace {

template <typename Enum, std::size_t Count>
using Names = std::array<std::pair<Enum, std::string_view>, Count>;

constexpr Names<RunStatus, 5> kRunStatuses{{{RunStatus::running, "RUNNING"},
                                            {RunStatus::scheduled, "SCHEDULED"},
                                            {RunStatus::finished, "FINISHED"},
                                            {RunStatus::failed, "FAILED"},
                                            {RunStatus::killed, "KILLED"}}};

constexpr Names<LifecycleStage, 2> kLifecycleStages{
    {{LifecycleStage::active, "active"}, {LifecycleStage::deleted, "deleted"}}};

constexpr Names<Stage, 4> kStages{{{Stage::none, "None"},
                                   {Stage::staging, "Staging"},
                                   {Stage::production, "Production"},
                                   {Stage::archived, "Archived"}}};

constexpr Names<ModelVersionStatus, 3> kVersionStatuses{
    {{ModelVersionStatus::pending_registration, "PENDING_REGISTRATION"},
     {ModelVersionStatus::failed_registration, "FAILED_REGISTRATION"},
     {ModelVersionStatus::ready, "READY"}}};

constexpr Names<LoggedModelStatus, 4> kLoggedModelStatuses{
    {{LoggedModelStatus::unspecified, "LOGGED_MODEL_STATUS_UNSPECIFIED"},
     {LoggedModelStatus::pending, "LOGGED_MODEL_PENDING"},
     {LoggedModelStatus::ready, "LOGGED_MODEL_READY"},
     {LoggedModelStatus::upload_failed, "LOGGED_MODEL_UPLOAD_FAILED"}}};

constexpr Names<ViewType, 3> kViewTypes{{{ViewType::active_only, "ACTIVE_ONLY"},
                                         {ViewType::deleted_only, "DELETED_ONLY"},
                                         {ViewType::all, "ALL"}}};

template <typename Enum, std::size_t Count>
std::string_view name_of(const Names<Enum, Count>& names, Enum value) {
  for (const auto& [candidate, name] : names) {
    if (candidate == value) return name;
  }
  return {};
}

bool equal_without_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  });
}

template <typename Enum, std::size_t Count>
std::optional<Enum> value_of(const Names<Enum, Count>& names, std::string_view text) {
  for (const auto& [value, name] : names) {
    if (equal_without_case(name, text)) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view run_status_name(RunStatus status) { return name_of(kRunStatuses, status); }
std::optional<RunStatus> run_status_from(std::string_view name) {
  return value_of(kRunStatuses, name);
}

std::string_view lifecycle_stage_name(LifecycleStage stage) {
  return name_of(kLifecycleStages, stage);
}
std::optional<LifecycleStage> lifecycle_stage_from(std::string_view name) {
  return value_of(kLifecycleStages, name);
}

std::string_view stage_name(Stage stage) { return name_of(kStages, stage); }
std::optional<Stage> stage_from(std::string_view name) { return value_of(kStages, name); }

std::string_view model_version_status_name(ModelVersionStatus status) {
  return name_of(kVersionStatuses, status);
}
std::optional<ModelVersionStatus> model_version_status_from(std::string_view name) {
  return value_of(kVersionStatuses, name);
}

std::string_view logged_model_status_name(LoggedModelStatus status) {
  return name_of(kLoggedModelStatuses, status);
}
std::optional<LoggedModelStatus> logged_model_status_from(std::string_view name) {
  return value_of(kLoggedModelStatuses, name);
}

std::string_view view_type_name(ViewType view) { return name_of(kViewTypes, view); }

}  // namespace liquid::tracking
