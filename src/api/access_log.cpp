#include "api/access_log.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "api/route_list.h"
#include "base/log.h"

namespace liquid::api {
namespace {

void append_number(std::string& out, std::int64_t value) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
}

// "0.013" for 12.6 ms and three digits. Whole numbers: the floating-point way takes 20 times as
// long, and this is done for every answer.
template <int kDigits>
void append_seconds(std::string& out, std::chrono::nanoseconds time) {
  constexpr std::int64_t kScale = [] {
    std::int64_t scale = 1;
    for (int i = 0; i < kDigits; ++i) scale *= 10;
    return scale;
  }();
  constexpr std::int64_t kUnit = 1'000'000'000 / kScale;  // nanoseconds of the last digit
  const std::int64_t units = std::max<std::int64_t>(0, (time.count() + kUnit / 2) / kUnit);
  append_number(out, units / kScale);
  char fraction[kDigits + 1] = {'.'};
  std::int64_t rest = units % kScale;
  for (int i = kDigits; i > 0; --i, rest /= 10) fraction[i] = static_cast<char>('0' + rest % 10);
  out.append(fraction, sizeof(fraction));
}

// The part up to the second is made once per second and thread.
void append_time(std::string& out, WallTime now) {
  thread_local std::time_t last = -1;
  thread_local char text[24] = {};
  const auto since_epoch =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  const auto second = static_cast<std::time_t>(since_epoch.count() / 1000);
  if (second != last) {
    std::tm parts{};
    gmtime_r(&second, &parts);
    std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.", &parts);
    last = second;
  }
  const auto milliseconds = since_epoch.count() % 1000;
  out.append(text);
  out += static_cast<char>('0' + milliseconds / 100);
  out += static_cast<char>('0' + milliseconds / 10 % 10);
  out += static_cast<char>('0' + milliseconds % 10);
  out += 'Z';
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(",\"").append(name).append("\":");
  append_json_string(out, value);
}

std::string line_for(const http::Exchange& exchange, const http::Response& response, WallTime now,
                     std::chrono::nanoseconds duration) {
  std::string line;
  line.reserve(320);
  line += "{\"time\":\"";
  append_time(line, now);
  line += "\",\"event\":\"request\"";
  append_field(line, "id", exchange.request_id);
  append_field(line, "remote", exchange.remote_address);
  append_field(line, "tenant", exchange.tenant);
  append_field(line, "method", exchange.request.method_text);
  append_field(line, "path", exchange.request.path);
  line += ",\"status\":";
  append_number(line, response.status);
  line += ",\"bytes\":";
  append_number(line, static_cast<std::int64_t>(response.content().size()));
  line += ",\"seconds\":";
  append_seconds<6>(line, duration);
  const std::string_view outcome = cache_outcome_name(exchange.cache_outcome);
  if (!outcome.empty()) append_field(line, "cache", outcome);
  line += '}';
  return line;
}

}  // namespace

std::string_view cache_outcome_name(http::CacheOutcome outcome) {
  switch (outcome) {
    case http::CacheOutcome::none: return "";
    case http::CacheOutcome::hit: return "hit";
    case http::CacheOutcome::revalidated: return "revalidated";
    case http::CacheOutcome::joined: return "joined";
    case http::CacheOutcome::miss: return "miss";
    case http::CacheOutcome::bypass: return "bypass";
  }
  return "";
}

http::Step AccessLog::enter(http::Exchange& exchange) {
  exchange.route = kRoutes[route_index(exchange.request.path)];
  return http::Continue{};
}

void AccessLog::leave(http::Exchange& exchange, http::Response& response) {
  const std::chrono::nanoseconds duration = clock_.monotonic() - exchange.received;
  // Written straight into the block: these values hold nothing that could end a line.
  std::string& headers = response.headers.text();
  headers += "X-Response-Time: ";
  append_seconds<3>(headers, duration);
  headers += "s\r\nX-Request-Id: ";
  headers += exchange.request_id;
  headers += "\r\n";
  if (writer_ != nullptr) writer_->write(line_for(exchange, response, clock_.wall(), duration));
}

}  // namespace liquid::api
