#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/index_follower.h"
#include "api/router.h"
#include "api/system_readings.h"
#include "api/traffic.h"
#include "api/training_readings.h"
#include "generate/generator.h"
#include "metrics/registry.h"

namespace liquid::api {

/// What the pages about the service read; all borrowed, all outlive the endpoints.
struct ServiceParts {
  Traffic& traffic;
  const IndexFollower& follower;
  const generate::Generator& generator;
  const SystemReadings& readings;
  const TrainingReadings& training;
  const metrics::Registry& registry;
  std::string index_folder;
  const Clock& clock;
};

/// GET /health, /status, /stats, /metrics. Each answers from figures that are at hand: none of them
/// reads a file, waits for a lock that work is done under, or asks another service.
std::vector<Endpoint> service_endpoints(const ServiceParts& parts);

/// Figures about the machine, the process, the index and the program, for Prometheus.
void register_service_metrics(const ServiceParts& parts, metrics::Registry& registry);

/// The JSON of GET /metrics: the fields of both earlier servers, and of the experiments.
std::string metrics_json(const Traffic::Totals& totals, const TrainingFigures& training);

/// "1h 5m"
std::string human_duration(double seconds);

}  // namespace liquid::api
