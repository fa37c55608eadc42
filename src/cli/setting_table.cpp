#include "cli/setting_table.h"

#include <algorithm>

#include "api/cors.h"
#include "base/log.h"
#include "cli/rate_limit_text.h"
#include "cli/setting_kinds.h"

namespace liquid::cli {
namespace {

using S = ServeSettings;

constexpr std::uint64_t kMostMilliseconds = 24ull * 3600 * 1000;
constexpr std::uint64_t kMostSeconds = 365ull * 24 * 3600;
constexpr std::uint64_t kGibibyte = 1024ull * 1024 * 1024;
constexpr Range kTimeout{1, kMostMilliseconds};

template <typename T>
Field<T> at(T S::*member) {
  return [member](S& settings) -> T& { return settings.*member; };
}

template <typename T>
Field<T> at_route(std::size_t route, T RouteSettings::*member) {
  return [route, member](S& settings) -> T& { return settings.routes.at(route).*member; };
}

bool is_rate_limit(std::string_view text) {
  std::optional<api::RateLimitOptions> ignored;
  return parse_rate_limit(text, ignored);
}

bool is_log_level(std::string_view text) {
  LogLevel ignored = LogLevel::info;
  return parse_log_level(text, ignored);
}

using Rows = std::vector<Setting>;

void add_service(Rows& rows) {
  const std::string g = "Service";
  rows.push_back(text_setting({g, "index", "Folder of the index"}, "DIR", at(&S::index)));
  rows.push_back(
      flag_setting({g, "create", "Make an empty index if there is none"}, at(&S::create)));
  rows.push_back(text_setting({g, "host", "Address to listen on"}, "HOST", at(&S::host)));
  rows.push_back(number_setting({g, "port", "Port; 0: any free one"}, {0, 65'535}, at(&S::port)));
  rows.push_back(text_setting({g, "tls-certificate", "PEM file; serves HTTPS"}, "FILE",
                              at(&S::tls_certificate)));
  rows.push_back(text_setting({g, "tls-key", "PEM file with its key"}, "FILE", at(&S::tls_key)));
  rows.push_back(checked_setting({g, "log-level", "debug, info, warning, error, off"}, "LEVEL",
                                 at(&S::log_level),
                                 {is_log_level, "debug, info, warning, error or off"}));
  rows.push_back(
      text_setting({g, "access-log", "on (stderr), off, or a file"}, "WHERE", at(&S::access_log)));
}

void add_answers(Rows& rows) {
  const std::string g = "Answers";
  rows.push_back(choice_setting({g, "generator", "Who writes the answers"},
                                {"extractive", "openai"}, at(&S::generator)));
  rows.push_back(text_setting({g, "base-url", "OpenAI-compatible endpoint, with /v1"}, "URL",
                              at(&S::base_url)));
  rows.push_back(text_setting({g, "model", "Model to ask for"}, "NAME", at(&S::model)));
  rows.push_back(number_setting({g, "max-tokens", "Longest answer of the model"}, {1, 1'000'000},
                                at(&S::max_tokens)));
  rows.push_back(number_setting({g, "generator-timeout-ms", "Time for one attempt"}, kTimeout,
                                at(&S::generator_timeout_ms)));
  rows.push_back(number_setting({g, "generator-retries", "More attempts after 429, 5xx"}, {0, 10},
                                at(&S::generator_retries)));
}

void add_cache(Rows& rows) {
  const std::string g = "Cache";
  rows.push_back(switch_setting({g, "cache", "Keep answers at all"}, at(&S::cache)));
  rows.push_back(number_setting({g, "cache-ttl", "Seconds an answer is kept; 0: none is"},
                                {0, kMostSeconds}, at(&S::cache_ttl_seconds)));
  rows.push_back(number_setting({g, "cache-max-items", "Most answers kept"}, {1, 100'000'000},
                                at(&S::cache_max_items)));
  rows.push_back(number_setting({g, "cache-max-bytes", "Most memory for them"},
                                {1024, 1024 * kGibibyte}, at(&S::cache_max_bytes)));
  rows.push_back(choice_setting({g, "cache-policy", "Who goes when it is full"}, {"sieve", "lru"},
                                at(&S::cache_policy)));
  rows.push_back(number_setting({g, "cache-max-waiters", "Requests waiting for one answer"},
                                {1, 1'000'000}, at(&S::cache_max_waiters)));
}

void add_route_cache(Rows& rows) {
  const std::string g = "Cache, for one route (default: as above)";
  const std::array<std::string, 3> suffixes = {"-ask", "-ask-simple", "-search"};
  for (std::size_t i = 0; i < suffixes.size(); ++i) {
    const std::string& to = suffixes[i];
    const std::string path = kCachedPaths[i];
    rows.push_back(optional_number_setting({g, "cache-ttl" + to, path + "; 0: not cached"},
                                           {0, kMostSeconds},
                                           at_route(i, &RouteSettings::ttl_seconds)));
    rows.push_back(optional_number_setting({g, "cache-max-items" + to, path}, {1, 100'000'000},
                                           at_route(i, &RouteSettings::max_items)));
    rows.push_back(optional_number_setting({g, "cache-max-bytes" + to, path},
                                           {1024, 1024 * kGibibyte},
                                           at_route(i, &RouteSettings::max_bytes)));
    rows.push_back(optional_choice_setting({g, "cache-policy" + to, path}, {"sieve", "lru"},
                                           at_route(i, &RouteSettings::policy)));
  }
}

void add_access(Rows& rows) {
  const std::string g = "Access";
  rows.push_back(checked_setting({g, "rate-limit", "Requests per caller; 0: no limit"}, "N/SECONDS",
                                 at(&S::rate_limit),
                                 {is_rate_limit, "N/SECONDS, e.g. 100/60, or 0 for no limit"}));
  rows.push_back(number_setting({g, "rate-limit-clients", "Callers remembered"}, {8, 16'777'216},
                                at(&S::rate_limit_clients)));
  rows.push_back(text_setting({g, "api-keys", "Lines of: tenant key"}, "FILE", at(&S::api_keys)));
  rows.push_back(
      flag_setting({g, "require-key", "Refuse callers without a key"}, at(&S::require_key)));
  rows.push_back(
      secret_setting({g, "admin-key", "Better in LIQUID_ADMIN_KEY or a file"}, at(&S::admin_key)));
  rows.push_back(text_setting({g, "admin-key-file", "File that holds the admin key"}, "FILE",
                              at(&S::admin_key_file)));
  rows.push_back(list_setting({g, "cors-origin", "Allow pages of this origin"}, "ORIGIN",
                              at(&S::cors_origin),
                              {api::is_origin, "an origin such as https://app.example, or *"}));
}

void add_experiments(Rows& rows) {
  const std::string g = "Experiments, as GET /metrics tells of them";
  rows.push_back(text_setting({g, "tracking-uri", "MLflow store; default MLFLOW_TRACKING_URI"},
                              "URI", at(&S::tracking_uri)));
  rows.push_back(text_setting({g, "tracking-experiment", "Whose best loss and hours"}, "NAME",
                              at(&S::tracking_experiment)));
}

void add_limits(Rows& rows) {
  const std::string g = "Limits";
  rows.push_back(
      number_setting({g, "io-threads", "Threads for connections"}, {1, 256}, at(&S::io_threads)));
  rows.push_back(
      number_setting({g, "workers", "Threads that answer questions"}, {1, 1024}, at(&S::workers)));
  rows.push_back(number_setting({g, "search-workers", "Threads that search"}, {1, 1024},
                                at(&S::search_workers)));
  rows.push_back(number_setting({g, "max-queued", "Waiting for each of the two; then 503"},
                                {1, 1'000'000}, at(&S::max_queued)));
  rows.push_back(number_setting({g, "max-connections", "Open connections; then 503"},
                                {1, 10'000'000}, at(&S::max_connections)));
  rows.push_back(number_setting({g, "max-head-bytes", "Request line and headers; then 431"},
                                {256, kGibibyte}, at(&S::max_head_bytes)));
  rows.push_back(number_setting({g, "max-body-bytes", "Request body; then 413"}, {1, kGibibyte},
                                at(&S::max_body_bytes)));
  rows.push_back(number_setting({g, "head-timeout-ms", "Time for the headers; then 408"}, kTimeout,
                                at(&S::head_timeout_ms)));
  rows.push_back(number_setting({g, "body-timeout-ms", "Time for the body; then 408"}, kTimeout,
                                at(&S::body_timeout_ms)));
  rows.push_back(number_setting({g, "idle-timeout-ms", "Between two requests"}, kTimeout,
                                at(&S::idle_timeout_ms)));
  rows.push_back(number_setting({g, "write-timeout-ms", "Time to take an answer"}, kTimeout,
                                at(&S::write_timeout_ms)));
  rows.push_back(number_setting({g, "answer-timeout-ms", "Time to compute one; then 504"}, kTimeout,
                                at(&S::answer_timeout_ms)));
  rows.push_back(number_setting({g, "shutdown-timeout-ms", "For requests in flight at the end"},
                                kTimeout, at(&S::shutdown_timeout_ms)));
}

}  // namespace

const std::vector<Setting>& setting_table() {
  static const Rows rows = [] {
    Rows made;
    add_service(made);
    add_answers(made);
    add_cache(made);
    add_route_cache(made);
    add_access(made);
    add_experiments(made);
    add_limits(made);
    return made;
  }();
  return rows;
}

const Setting* find_setting(std::string_view name) {
  const Rows& rows = setting_table();
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [name](const Setting& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

std::string environment_name(std::string_view setting) {
  std::string name = "LIQUID_";
  for (const char c : setting) {
    name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return name;
}

}  // namespace liquid::cli
