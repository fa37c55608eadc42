#include "api/cache_pages.h"

#include <cmath>

#include "api/admin.h"
#include "api/json_body.h"
#include "api/json_writer.h"
#include "api/route_list.h"
#include "api/validation.h"

namespace liquid::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kEvictions = "liquid_cache_evictions_total";
constexpr std::string_view kEvictionsHelp = "Answers that left the store, by cause.";

void write_count(JsonWriter& out, std::string_view name, std::uint64_t value) {
  out.key(name).integer(static_cast<std::int64_t>(value));
}

void write_hits(JsonWriter& out, const cache::HitCounts& hits) {
  out.key("hits").begin_object();
  write_count(out, "total", hits.total());
  write_count(out, "fresh", hits.fresh);
  write_count(out, "revalidated", hits.revalidated);
  write_count(out, "joined", hits.joined);
  write_count(out, "not_modified", hits.not_modified);
  out.end_object();
}

void write_evictions(JsonWriter& out, const cache::EvictionCounts& evictions) {
  out.key("evictions").begin_object();
  write_count(out, "capacity_items", evictions.capacity_items);
  write_count(out, "capacity_bytes", evictions.capacity_bytes);
  write_count(out, "expired", evictions.expired);
  write_count(out, "replaced", evictions.replaced);
  write_count(out, "cleared", evictions.cleared);
  write_count(out, "invalidated", evictions.invalidated);
  out.end_object();
}

Problem unknown_field(std::string_view name, const json::value& value) {
  return {"extra_forbidden", name, "Extra inputs are not permitted", echo_json(value)};
}

// Reads one field of the body into `request`; what is wrong goes into `problems`.
void read_field(std::string_view name, const json::value& value, cache::ClearRequest& request,
                std::vector<Problem>& problems) {
  std::optional<std::string>* place = nullptr;
  if (name == "route") place = &request.route;
  if (name == "tenant") place = &request.tenant;
  if (name == "document_id") place = &request.document_id;
  if (place == nullptr) {
    problems.push_back(unknown_field(name, value));
  } else if (value.is_null()) {
    place->reset();
  } else if (!value.is_string()) {
    problems.push_back({"string_type", name, "Input should be a valid string", echo_json(value)});
  } else if (name == "route" && !is_answer_route(route_index(value.get_string()))) {
    problems.push_back({"literal_error", name, "Input should be '/ask', '/ask/simple' or '/search'",
                        echo_json(value)});
  } else {
    *place = std::string(value.get_string());
  }
}

}  // namespace

std::string cache_stats_json(const cache::CacheStats& stats) {
  JsonWriter out;
  out.begin_object();
  write_count(out, "total_items", stats.total_items);
  write_count(out, "valid_items", stats.valid_items);
  write_count(out, "expired_items", stats.expired_items);
  write_count(out, "max_size", stats.max_size);
  out.key("utilization").number(rounded(stats.utilization));
  const double ttl = stats.ttl_seconds();
  out.key("ttl_seconds");
  std::trunc(ttl) == ttl ? out.integer(static_cast<std::int64_t>(ttl)) : out.number(ttl);
  write_count(out, "bytes", stats.bytes);
  write_count(out, "max_bytes", stats.max_bytes);
  write_hits(out, stats.hits);
  write_count(out, "misses", stats.misses);
  write_count(out, "bypasses", stats.bypasses);
  write_count(out, "failures", stats.failures);
  const auto hits = static_cast<double>(stats.hits.total());
  const double looked_up = hits + static_cast<double>(stats.misses);
  out.key("hit_rate").number(looked_up > 0 ? rounded(100.0 * hits / looked_up) : 0.0);
  write_evictions(out, stats.evictions);
  write_count(out, "stored", stats.stored);
  write_count(out, "rejected_too_large", stats.rejected_too_large);
  out.key("seconds_saved").number(stats.seconds_saved);
  write_count(out, "flights", stats.flights);
  out.end_object();
  return std::move(out).take();
}

http::Response clear_cache(cache::ResponseCache& cache, const http::Request& request) {
  cache::ClearRequest what;
  if (!request.body.empty()) {
    auto body = json_object_body(request.body);
    if (auto* refusal = std::get_if<http::Response>(&body)) return std::move(*refusal);
    std::vector<Problem> problems;
    for (const auto& [name, value] : std::get<json::object>(body)) {
      read_field(name, value, what, problems);
    }
    if (!problems.empty()) return validation_response(problems);
  }
  JsonWriter out;
  out.begin_object();
  write_count(out, "cleared", cache.clear(what));
  out.end_object();
  return http::json_response(200, std::move(out).take());
}

void register_cache_metrics(const cache::ResponseCache& cache, metrics::Registry& registry) {
  using Kind = metrics::Registry::Kind;
  const auto add = [&](Kind kind, std::string_view name, std::string_view help,
                       double (*read)(const cache::CacheStats&), const metrics::Labels& labels) {
    registry.callback(kind, name, help, labels, [&cache, read] { return read(cache.stats()); });
  };
  using Stats = cache::CacheStats;
  add(Kind::gauge, "liquid_cache_items", "Answers stored.",
      [](const Stats& stats) { return static_cast<double>(stats.total_items); }, {});
  add(Kind::gauge, "liquid_cache_bytes", "Memory that the stored answers take.",
      [](const Stats& stats) { return static_cast<double>(stats.bytes); }, {});
  add(Kind::gauge, "liquid_cache_max_items", "Most answers that can be stored.",
      [](const Stats& stats) { return static_cast<double>(stats.max_size); }, {});
  add(Kind::gauge, "liquid_cache_max_bytes", "Most memory that stored answers may take.",
      [](const Stats& stats) { return static_cast<double>(stats.max_bytes); }, {});
  add(Kind::gauge, "liquid_cache_flights", "Computations running or queued.",
      [](const Stats& stats) { return static_cast<double>(stats.flights); }, {});
  add(Kind::counter, "liquid_cache_stored_total", "Answers put into the store.",
      [](const Stats& stats) { return static_cast<double>(stats.stored); }, {});
  add(Kind::counter, "liquid_cache_saved_seconds_total",
      "What the hits would have cost to compute.",
      [](const Stats& stats) { return stats.seconds_saved; }, {});
  add(Kind::counter, kEvictions, kEvictionsHelp,
      [](const Stats& stats) { return static_cast<double>(stats.evictions.capacity_items); },
      {{"cause", "capacity_items"}});
  add(Kind::counter, kEvictions, kEvictionsHelp,
      [](const Stats& stats) { return static_cast<double>(stats.evictions.capacity_bytes); },
      {{"cause", "capacity_bytes"}});
  add(Kind::counter, kEvictions, kEvictionsHelp,
      [](const Stats& stats) { return static_cast<double>(stats.evictions.expired); },
      {{"cause", "expired"}});
  add(Kind::counter, kEvictions, kEvictionsHelp,
      [](const Stats& stats) { return static_cast<double>(stats.evictions.replaced); },
      {{"cause", "replaced"}});
  add(Kind::counter, kEvictions, kEvictionsHelp,
      [](const Stats& stats) { return static_cast<double>(stats.evictions.cleared); },
      {{"cause", "cleared"}});
  add(Kind::counter, kEvictions, kEvictionsHelp,
      [](const Stats& stats) { return static_cast<double>(stats.evictions.invalidated); },
      {{"cause", "invalidated"}});
}

}  // namespace liquid::api
