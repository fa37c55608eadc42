#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tracking/models/registry.h"

namespace liquid::tracking {

struct ModelToLog {
  RunId run_id{};
  std::string name = "model";  ///< `runs:/<run>/<name>` finds it again.
  std::int64_t step = 0;       ///< The run's metrics of this step become the model's too.
  std::string model_type{};
  std::vector<Param> params{};  ///< Besides the run's, which the model gets too; these win.
  std::vector<Tag> tags{};
  std::string register_as{};           ///< Empty: not registered.
  std::vector<std::string> aliases{};  ///< Of the registered version.
};

struct LoggedFolder {
  std::string uri{};   ///< `models:/m-…`, or `runs:/<run>/<name>` on servers before MLflow 3.
  ModelId model_id{};  ///< Empty on servers before MLflow 3.
  std::string artifact_uri{};
  std::optional<ModelVersion> version{};  ///< When it was registered.
};

/// Makes a model folder (one with an MLmodel, see model_folder.h) a model of the run: entity, link
/// to the run, files with the MLmodel last, READY; then the registry. When the upload fails the
/// model is marked UPLOAD_FAILED and the error returned. Servers without logged models get the
/// files below the run's artifacts and the record in the run's tag. The folder is not changed.
/// Errors: invalid_argument (no MLmodel in the folder, a name MLflow refuses), those of the stores.
Result<LoggedFolder> log_model(const ModelHome& home, const std::filesystem::path& folder,
                               const ModelToLog& model, const TransferProgress& progress);

}  // namespace liquid::tracking
