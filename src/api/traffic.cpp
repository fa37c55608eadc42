#include "api/traffic.h"

#include "api/access_log.h"

namespace liquid::api {
namespace {

using http::CacheOutcome;

constexpr std::string_view kRequests = "liquid_http_requests_total";
constexpr std::string_view kRequestsHelp = "Requests answered, by route and status.";
constexpr std::string_view kCacheRequests = "liquid_cache_requests_total";
constexpr std::string_view kCacheRequestsHelp =
    "Answers of the cached routes, by how they came about.";
constexpr std::string_view kRequestSeconds = "liquid_http_request_duration_seconds";
constexpr std::string_view kRequestSecondsHelp =
    "Time from a request's arrival to its answer, by route.";

// What X-Cache calls HIT: this request cost no computation of its own.
bool says_hit(CacheOutcome outcome) {
  switch (outcome) {
    case CacheOutcome::hit:
    case CacheOutcome::revalidated:
    case CacheOutcome::joined: return true;
    case CacheOutcome::none:
    case CacheOutcome::miss:
    case CacheOutcome::bypass: return false;
  }
  return false;
}

std::string_view status_text(int status, char (&buffer)[4]) {
  buffer[0] = static_cast<char>('0' + status / 100);
  buffer[1] = static_cast<char>('0' + status / 10 % 10);
  buffer[2] = static_cast<char>('0' + status % 10);
  return {buffer, 3};
}

}  // namespace

Traffic::Traffic(metrics::Registry& registry, const Clock& clock)
    : registry_(registry),
      clock_(clock),
      started_(clock.monotonic()),
      counted_since_(started_.time_since_epoch().count()) {
  // Series that alerts are written on exist from the start, at zero.
  for (std::size_t route = 0; is_answer_route(route); ++route) {
    request_counter(route, 200);
    duration_histogram(route);
    for (const CacheOutcome outcome :
         {CacheOutcome::hit, CacheOutcome::revalidated, CacheOutcome::joined, CacheOutcome::miss,
          CacheOutcome::bypass}) {
      outcome_counter(route, outcome);
    }
  }
}

metrics::Counter& Traffic::request_counter(std::size_t route, int status) {
  Place<metrics::Counter>& place = by_status_[route][static_cast<std::size_t>(status)];
  metrics::Counter* counter = place.load(std::memory_order_acquire);
  if (counter == nullptr) {
    char buffer[4];
    counter = &registry_.counter(kRequests, kRequestsHelp,
                                 {{"route", std::string(kRoutes[route])},
                                  {"status", std::string(status_text(status, buffer))}});
    place.store(counter, std::memory_order_release);
  }
  return *counter;
}

metrics::Counter& Traffic::outcome_counter(std::size_t route, CacheOutcome outcome) {
  Place<metrics::Counter>& place = by_outcome_[route][static_cast<std::size_t>(outcome)];
  metrics::Counter* counter = place.load(std::memory_order_acquire);
  if (counter == nullptr) {
    counter = &registry_.counter(kCacheRequests, kCacheRequestsHelp,
                                 {{"route", std::string(kRoutes[route])},
                                  {"outcome", std::string(cache_outcome_name(outcome))}});
    place.store(counter, std::memory_order_release);
  }
  return *counter;
}

metrics::Histogram& Traffic::duration_histogram(std::size_t route) {
  Place<metrics::Histogram>& place = durations_[route];
  metrics::Histogram* histogram = place.load(std::memory_order_acquire);
  if (histogram == nullptr) {
    histogram = &registry_.histogram(kRequestSeconds, kRequestSecondsHelp,
                                     metrics::request_seconds_bounds(),
                                     {{"route", std::string(kRoutes[route])}});
    place.store(histogram, std::memory_order_release);
  }
  return *histogram;
}

http::Step Traffic::enter(http::Exchange&) { return http::Continue{}; }

void Traffic::leave(http::Exchange& exchange, http::Response& response) {
  const auto duration = clock_.monotonic() - exchange.received;
  const std::size_t route = route_index(exchange.route);
  const int status = response.status >= 100 && response.status < kStatuses ? response.status : 500;
  request_counter(route, status).add();
  duration_histogram(route).observe(std::chrono::duration<double>(duration).count());
  if (exchange.cache_outcome != CacheOutcome::none && status < 400) {
    outcome_counter(route, exchange.cache_outcome).add();
  }
  if (!is_monitoring_route(exchange.route)) add_to_totals(status, exchange.cache_outcome, duration);
}

void Traffic::add_to_totals(int status, CacheOutcome outcome, std::chrono::nanoseconds duration) {
  requests_.add();
  if (status >= 400) {
    errors_.add();
  } else if (outcome == CacheOutcome::miss) {
    cache_misses_.add();
  } else if (says_hit(outcome)) {
    cache_hits_.add();
  }
  times_.observe(duration);
}

void Traffic::count_refusal(int status) {
  request_counter(kOther, status >= 100 && status < kStatuses ? status : 500).add();
  requests_.add();
  errors_.add();
}

Traffic::Totals Traffic::totals() const {
  const Monotonic now = clock_.monotonic();
  const Monotonic since{Monotonic::duration(counted_since_.load(std::memory_order_relaxed))};
  return {.requests = requests_.value(),
          .errors = errors_.value(),
          .cache_hits = cache_hits_.value(),
          .cache_misses = cache_misses_.value(),
          .seconds_up = std::chrono::duration<double>(now - started_).count(),
          .seconds_counted = std::chrono::duration<double>(now - since).count(),
          .times = times_.summary()};
}

void Traffic::reset() {
  for (metrics::Counter* counter : {&requests_, &errors_, &cache_hits_, &cache_misses_}) {
    counter->reset();
  }
  times_.reset();
  registry_.reset();
  counted_since_.store(clock_.monotonic().time_since_epoch().count(), std::memory_order_relaxed);
}

}  // namespace liquid::api
