#include "tracking/rest/rest_store.h"

#include <condition_variable>
#include <mutex>

#include "tracking/rest/endpoint.h"
#include "tracking/rest/experiments.h"
#include "tracking/rest/logged_models.h"
#include "tracking/rest/model_versions.h"
#include "tracking/rest/registered_models.h"
#include "tracking/rest/runs.h"

namespace liquid::tracking {
namespace {

class RestStore final : public Store {
 public:
  RestStore(rest::Address address, const ServerAccess& access, const Clock& clock, Sleeper sleep)
      : endpoint_(std::move(address), access, clock, std::move(sleep)) {}

  ExperimentStore& experiments() override { return experiments_; }
  RunStore& runs() override { return runs_; }
  LoggedModelStore& logged_models() override { return logged_models_; }
  RegisteredModelStore& registered_models() override { return registered_models_; }
  ModelVersionStore& model_versions() override { return model_versions_; }

 private:
  rest::Endpoint endpoint_;
  rest::Experiments experiments_{endpoint_};
  rest::Runs runs_{endpoint_};
  rest::LoggedModels logged_models_{endpoint_};
  rest::RegisteredModels registered_models_{endpoint_};
  rest::ModelVersions model_versions_{endpoint_};
};

void wait(std::chrono::milliseconds pause, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, pause, [] { return false; });
}

}  // namespace

Result<std::unique_ptr<Store>> open_rest_store(std::string_view uri, const Settings& settings,
                                               const Clock& clock) {
  return open_rest_store(uri, settings, clock, wait);
}

Result<std::unique_ptr<Store>> open_rest_store(std::string_view uri, const Settings& settings,
                                               const Clock& clock, Sleeper sleep) {
  Result<rest::Address> address = rest::parse_address(uri);
  if (!address) return std::move(address).error();
  return std::unique_ptr<Store>(
      std::make_unique<RestStore>(std::move(*address), settings.access, clock, std::move(sleep)));
}

}  // namespace liquid::tracking
