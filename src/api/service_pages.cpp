#include "api/service_pages.h"

#include <cmath>

#include "api/gpu_readings.h"
#include "api/json_writer.h"
#include "api/route_list.h"
#include "api/version.h"
#include "search/retriever.h"

namespace liquid::api {
namespace {

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;
constexpr double kSecondsPerHour = 3600.0;
constexpr std::string_view kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::int64_t as_integer(std::uint64_t value) { return static_cast<std::int64_t>(value); }

struct Degraded {
  std::string_view part;
  std::string reason;
};

std::vector<Degraded> degraded_parts(const ServiceParts& parts) {
  std::vector<Degraded> degraded;
  if (std::string trouble = parts.follower.trouble(); !trouble.empty()) {
    degraded.push_back({"index", std::move(trouble)});
  }
  if (std::string trouble = parts.generator.trouble(); !trouble.empty()) {
    degraded.push_back({"generator", std::move(trouble)});
  }
  return degraded;
}

std::string stats_json(const ServiceParts& parts) {
  const search::IndexTotals totals = parts.follower.totals();
  JsonWriter json;
  json.begin_object().key("total_documents").integer(as_integer(totals.documents));
  json.key("collection_name").string("documents");
  json.key("persist_directory").string(parts.index_folder);
  json.key("total_chunks").integer(as_integer(totals.chunks));
  json.key("bytes_on_disk").integer(as_integer(totals.bytes_on_disk));
  json.key("bytes_in_memory").integer(as_integer(totals.bytes_in_memory));
  json.key("epoch").string(parts.follower.epoch().hex()).end_object();
  return std::move(json).take();
}

std::string status_json(const ServiceParts& parts) {
  JsonWriter json;
  json.begin_object().key("status").string("ok");
  json.key("uptime").number(rounded(parts.traffic.totals().seconds_up));
  json.key("version").string(kVersion);
  json.key("retrieval").string(search::retrieval_name(search::RetrievalKind::lexical));
  json.key("generator").string(parts.generator.name());
  json.key("index_epoch").string(parts.follower.epoch().hex()).end_object();
  return std::move(json).take();
}

void write_degraded(JsonWriter& json, const std::vector<Degraded>& degraded) {
  if (degraded.empty()) return;
  std::string error;
  for (const Degraded& each : degraded) {
    if (!error.empty()) error += "; ";
    error.append(each.part).append(": ").append(each.reason);
  }
  json.key("error").string(error);
  json.key("degraded").begin_array();
  for (const Degraded& each : degraded) {
    json.begin_object().key("part").string(each.part);
    json.key("reason").string(each.reason).end_object();
  }
  json.end_array();
}

void write_system(JsonWriter& json, const Readings& readings) {
  json.key("system").begin_object();
  json.key("cpu_percent").number(rounded(readings.cpu_percent));
  json.key("cpu_count").integer(readings.cpu_count);
  json.key("memory_percent").number(rounded(readings.memory_percent()));
  json.key("memory_available_gb").number(rounded(readings.memory_available_bytes / kGibibyte));
  json.key("memory_total_gb").number(rounded(readings.memory_total_bytes / kGibibyte));
  json.end_object();
}

std::string health_json(const ServiceParts& parts) {
  const std::vector<Degraded> degraded = degraded_parts(parts);
  const Traffic::Totals totals = parts.traffic.totals();
  JsonWriter json;
  json.begin_object().key("status").string(degraded.empty() ? "healthy" : "degraded");
  write_degraded(json, degraded);
  json.key("version").string(kVersion);
  json.key("uptime_seconds").number(rounded(totals.seconds_up));
  json.key("uptime_human").string(human_duration(totals.seconds_up));
  json.key("gpu").raw(gpu_json(parts.readings.gpus()));
  write_system(json, parts.readings.latest());
  json.key("api_metrics").raw(metrics_json(totals, parts.training.latest()));
  json.key("vector_store").raw(stats_json(parts)).end_object();
  return std::move(json).take();
}

void write_training(JsonWriter& json, const TrainingFigures& training) {
  const auto number_or_null = [&json](std::string_view key, std::optional<double> value) {
    json.key(key);
    value ? json.number(*value) : json.null();
  };
  number_or_null("best_model_loss", training.best_model_loss);
  json.key("total_experiments");
  training.total_experiments ? json.integer(*training.total_experiments) : json.null();
  number_or_null("training_hours", training.training_hours);
}

// The quality values of RFC 9110 are left aside: whoever names plain text or OpenMetrics, and not
// JSON first, is a scraper.
bool wants_prometheus(const http::Request& request) {
  if (request.query == "format=prometheus") return true;
  if (request.query == "format=json") return false;
  const std::string_view accept = request.header("Accept");
  const std::size_t json = accept.find("application/json");
  const std::size_t text =
      std::min(accept.find("text/plain"), accept.find("application/openmetrics-text"));
  return text < json;
}

http::Response metrics_page(const ServiceParts& parts, const http::Exchange& exchange) {
  http::Response response =
      wants_prometheus(exchange.request)
          ? http::text_response(200, kPrometheusType, parts.registry.prometheus_text())
          : http::json_response(200, metrics_json(parts.traffic.totals(), parts.training.latest()));
  response.headers.add("Vary", "Accept");
  return response;
}

}  // namespace

std::string human_duration(double seconds) {
  const auto minutes = static_cast<std::int64_t>(seconds / 60);
  return std::to_string(minutes / 60) + "h " + std::to_string(minutes % 60) + "m";
}

std::string metrics_json(const Traffic::Totals& totals, const TrainingFigures& training) {
  const metrics::RecentTimes::Summary& times = totals.times;
  JsonWriter json;
  json.begin_object().key("total_requests").integer(as_integer(totals.requests));
  json.key("total_errors").integer(as_integer(totals.errors));
  json.key("error_rate").number(percent(totals.errors, totals.requests));
  json.key("cache_hits").integer(as_integer(totals.cache_hits));
  json.key("cache_misses").integer(as_integer(totals.cache_misses));
  json.key("cache_hit_rate")
      .number(percent(totals.cache_hits, totals.cache_hits + totals.cache_misses));
  json.key("avg_response_time_ms").number(times.all_average);
  json.key("min_response_time_ms").number(times.all_least);
  json.key("max_response_time_ms").number(times.all_greatest);
  json.key("uptime_seconds").number(rounded(totals.seconds_up));
  json.key("response_times_ms").begin_object();
  json.key("avg").number(times.average).key("min").number(times.least);
  json.key("max").number(times.greatest).key("p50").number(times.p50);
  json.key("p95").number(times.p95).key("p99").number(times.p99).end_object();
  const double per_second = totals.seconds_counted > 0
                                ? static_cast<double>(totals.requests) / totals.seconds_counted
                                : 0;
  json.key("requests_per_second").number(per_second);
  write_training(json, training);
  json.end_object();
  return std::move(json).take();
}

std::vector<Endpoint> service_endpoints(const ServiceParts& parts) {
  using http::Exchange;
  using http::Method;
  const auto json_page = [parts](std::string (*write)(const ServiceParts&)) {
    return [parts, write](const Exchange&) { return http::json_response(200, write(parts)); };
  };
  return {{Method::get, kHealth, json_page(health_json)},
          {Method::get, kStatus, json_page(status_json)},
          {Method::get, kStats, json_page(stats_json)},
          {Method::get, kMetrics,
           [parts](const Exchange& exchange) { return metrics_page(parts, exchange); }}};
}

// NaN is how a scrape tells "not known".
void register_training_metrics(const TrainingReadings& training, metrics::Registry& registry) {
  using Kind = metrics::Registry::Kind;
  const TrainingReadings* readings = &training;
  registry.callback(Kind::gauge, "liquid_training_best_loss",
                    "Lowest final_train_loss of the experiment; NaN: not known.", {},
                    [readings] { return readings->latest().best_model_loss.value_or(NAN); });
  registry.callback(Kind::gauge, "liquid_training_experiments",
                    "Experiments in the tracking store; NaN: not known.", {}, [readings] {
                      const auto count = readings->latest().total_experiments;
                      return count ? static_cast<double>(*count) : NAN;
                    });
  registry.callback(Kind::gauge, "liquid_training_seconds",
                    "Time all runs of the experiment took; NaN: not known.", {}, [readings] {
                      return readings->latest().training_hours.value_or(NAN) * kSecondsPerHour;
                    });
}

void register_service_metrics(const ServiceParts& parts, metrics::Registry& registry) {
  register_training_metrics(parts.training, registry);
  using Kind = metrics::Registry::Kind;
  const auto add = [&registry](Kind kind, std::string_view name, std::string_view help,
                               std::function<double()> read) {
    registry.callback(kind, name, help, {}, std::move(read));
  };
  const IndexFollower* follower = &parts.follower;
  const SystemReadings* readings = &parts.readings;
  const generate::Generator* generator = &parts.generator;
  add(Kind::gauge, "liquid_index_documents", "Documents in the index.",
      [follower] { return static_cast<double>(follower->totals().documents); });
  add(Kind::gauge, "liquid_index_chunks", "Chunks in the index.",
      [follower] { return static_cast<double>(follower->totals().chunks); });
  add(Kind::gauge, "liquid_index_disk_bytes", "Size of the index folder.",
      [follower] { return static_cast<double>(follower->totals().bytes_on_disk); });
  add(Kind::gauge, "liquid_index_memory_bytes", "Memory the loaded index takes.",
      [follower] { return static_cast<double>(follower->totals().bytes_in_memory); });
  add(Kind::gauge, "liquid_index_up", "1 unless the last refresh of the index failed.",
      [follower] { return follower->trouble().empty() ? 1.0 : 0.0; });
  add(Kind::gauge, "liquid_generator_up", "1 unless the generator says that it is in trouble.",
      [generator] { return generator->trouble().empty() ? 1.0 : 0.0; });
  add(Kind::counter, "process_cpu_seconds_total", "User and system time of this process.",
      [readings] { return readings->latest().process_cpu_seconds; });
  add(Kind::gauge, "process_resident_memory_bytes", "Resident memory of this process.",
      [readings] { return readings->latest().process_resident_bytes; });
  add(Kind::gauge, "process_open_fds", "Open file descriptors of this process.",
      [readings] { return static_cast<double>(readings->latest().process_open_files); });
  const double started =
      std::chrono::duration<double>(parts.clock.wall().time_since_epoch()).count();
  add(Kind::gauge, "process_start_time_seconds", "Start of this process, Unix time.",
      [started] { return started; });
  registry
      .gauge("liquid_build_info", "Version and generator; always 1.",
             {{"version", std::string(kVersion)}, {"generator", parts.generator.name()}})
      .set(1.0);
}

}  // namespace liquid::api
