#include "tracking/client/store_case_test.h"

#include <cstdlib>
#include <filesystem>
#include <random>
#include <utility>

#include "tracking/client/open_store.h"

namespace liquid::tracking {
namespace {

std::filesystem::path folder_of_this_process() {
  static const std::filesystem::path kFolder = [] {
    std::string name = std::filesystem::path(testing::TempDir()) / "liquid_store_suite_XXXXXX";
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
  return kFolder;
}

/// Removes the folder when the last case has run.
class Cleaning : public testing::Environment {
 public:
  void TearDown() override { std::filesystem::remove_all(folder_of_this_process()); }
};

[[maybe_unused]] const testing::Environment* const kCleaning =
    testing::AddGlobalTestEnvironment(new Cleaning);  // owned by GoogleTest

}  // namespace

StoreCase::StoreCase() {
  const char* const uri = std::getenv("LIQUID_STORE_URI");
  const std::filesystem::path folder = folder_of_this_process();
  Settings settings;
  settings.artifact_root = (folder / "artifacts").string();
  settings.access.max_retries = 0;
  store_ = value_of(open_store(
      uri != nullptr ? uri : "sqlite:///" + (folder / "mlflow.db").string(), settings, clock_));
}

StoreCase::~StoreCase() = default;

std::string StoreCase::fresh(std::string_view word) {
  std::random_device device;
  return std::string(word) + "-" + std::to_string(device()) + std::to_string(device());
}

ExperimentId StoreCase::experiment() {
  return value_of(experiments().create({.name = fresh("experiment")}));
}

liquid::tracking::Run StoreCase::new_run() {
  return value_of(runs().create({.experiment_id = experiment(), .start_time_ms = 1000}));
}

}  // namespace liquid::tracking
