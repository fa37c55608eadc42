#include "tracking/recorder/heartbeat.h"

#include <boost/json.hpp>

namespace liquid::tracking::recorder {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace

std::string encode(const Heartbeat& heartbeat) {
  const ProcessIdentity& process = heartbeat.process;
  return json::serialize(json::object{{"host", process.host},
                                      {"boot", process.boot},
                                      {"pid_space", process.pid_space},
                                      {"pid", process.pid},
                                      {"started", static_cast<std::int64_t>(process.started)},
                                      {"time_ms", heartbeat.time_ms},
                                      {"interval_ms", heartbeat.interval_ms}});
}

std::optional<Heartbeat> parse_heartbeat(std::string_view text) {
  boost::system::error_code failed;
  const json::value value = json::parse(text, failed);
  if (failed || !value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  Heartbeat heartbeat;
  heartbeat.process = {text_of(object, "host"), text_of(object, "boot"),
                       text_of(object, "pid_space"), number_of(object, "pid"),
                       static_cast<std::uint64_t>(number_of(object, "started"))};
  heartbeat.time_ms = number_of(object, "time_ms");
  heartbeat.interval_ms = number_of(object, "interval_ms");
  if (heartbeat.process.pid <= 0 || heartbeat.interval_ms <= 0) return std::nullopt;
  return heartbeat;
}

}  // namespace liquid::tracking::recorder
