#include "tracking/sqlite/sqlite_store.h"

#include <utility>

#include "tracking/sqlite/database_path.h"
#include "tracking/sqlite/experiments.h"
#include "tracking/sqlite/logged_models.h"
#include "tracking/sqlite/model_versions.h"
#include "tracking/sqlite/registered_models.h"
#include "tracking/sqlite/runs.h"
#include "tracking/sqlite/session.h"

namespace liquid::tracking {
namespace {

using sqlite::Session;

class SqliteStore final : public Store {
 public:
  SqliteStore(std::unique_ptr<Session> session, const Settings& settings)
      : session_(std::move(session)),
        experiments_(sqlite::make_experiment_store(*session_)),
        runs_(sqlite::make_run_store(*session_, settings)),
        logged_models_(sqlite::make_logged_model_store(*session_)),
        registered_models_(sqlite::make_registered_model_store(*session_)),
        model_versions_(sqlite::make_model_version_store(*session_)) {}

  ExperimentStore& experiments() override { return *experiments_; }
  RunStore& runs() override { return *runs_; }
  LoggedModelStore& logged_models() override { return *logged_models_; }
  RegisteredModelStore& registered_models() override { return *registered_models_; }
  ModelVersionStore& model_versions() override { return *model_versions_; }

 private:
  const std::unique_ptr<Session> session_;
  const std::unique_ptr<ExperimentStore> experiments_;
  const std::unique_ptr<RunStore> runs_;
  const std::unique_ptr<LoggedModelStore> logged_models_;
  const std::unique_ptr<RegisteredModelStore> registered_models_;
  const std::unique_ptr<ModelVersionStore> model_versions_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(std::string_view uri, const Settings& settings,
                                                 const Clock& clock) {
  Result<std::filesystem::path> path = sqlite::database_path(uri);
  if (!path) return std::move(path).error();
  Result<std::unique_ptr<Session>> session = Session::open(*path, settings, clock);
  if (!session) return std::move(session).error();
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(std::move(*session), settings));
}

}  // namespace liquid::tracking
