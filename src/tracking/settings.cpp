#include "tracking/settings.h"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "tracking/credentials_file.h"

namespace liquid::tracking {
namespace {

constexpr int kMaxRetries = 10;            // the limits of MLflow's client
constexpr double kMaxBackoffFactor = 120;  // seconds
constexpr double kMaxSeconds = 1e6;        // of time-outs and intervals: eleven days
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 50U;

bool equal_in_lower_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != lower[i]) return false;
  }
  return true;
}

template <typename Number>
std::optional<Number> number_from(std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

template <typename Number>
std::string shown(Number value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

// Reads variables into fields, which keep their defaults where a variable is absent. After the
// first problem nothing changes any more.
class Variables {
 public:
  explicit Variables(const Environment& environment) : environment_(environment) {}

  void text(const char* name, std::string& field) {
    if (const auto value = get(name)) field = *value;
  }

  void truth(const char* name, bool& field) {
    const auto value = get(name);
    if (!value) return;
    if (equal_in_lower_case(*value, "true") || *value == "1") {
      field = true;
    } else if (equal_in_lower_case(*value, "false") || *value == "0") {
      field = false;
    } else {
      refuse(name, *value, "true, false, 1 or 0");
    }
  }

  template <typename Number>
  struct Range {
    Number least;
    Number most;
  };

  template <typename Number>
  void number(const char* name, Number& field, Range<Number> range) {
    const auto value = get(name);
    if (!value) return;
    const std::optional<Number> read = number_from<Number>(*value);
    if (read && *read >= range.least && *read <= range.most) {  // NaN is neither
      field = *read;
    } else {
      refuse(name, *value,
             std::string(std::is_integral_v<Number> ? "a whole number" : "a number") + " from " +
                 shown(range.least) + " to " + shown(range.most));
    }
  }

  void seconds(const char* name, std::chrono::milliseconds& field) {
    double value = static_cast<double>(field.count()) / 1000;
    number(name, value, {0.001, kMaxSeconds});
    field = std::chrono::milliseconds(std::llround(value * 1000));
  }

  void tags(const char* name, std::vector<Tag>& field) {
    const auto value = get(name);
    if (!value) return;
    boost::json::error_code problem;
    const boost::json::value parsed = boost::json::parse(*value, problem);
    if (problem || !parsed.is_object()) {
      return refuse(name, *value, "a JSON object of tags, {\"key\": \"value\"}");
    }
    for (const auto& [key, tag] : parsed.get_object()) {
      field.push_back({std::string(key), tag.is_string() ? std::string(tag.get_string())
                                                         : boost::json::serialize(tag)});
    }
  }

  std::optional<std::string> get(const char* name) const {
    auto value = environment_(name);
    if (value && value->empty()) value.reset();
    return value;
  }

  void refuse(std::string_view name, std::string_view value, std::string_view expected) {
    if (problem_) return;
    problem_ =
        Error{ErrorCode::invalid_argument, std::string(name) + " is \"" + std::string(value) +
                                               "\", expected " + std::string(expected)};
  }

  const std::optional<Error>& problem() const { return problem_; }

 private:
  const Environment& environment_;
  std::optional<Error> problem_;
};

void read_access(Variables& variables, ServerAccess& access) {
  variables.text("MLFLOW_TRACKING_USERNAME", access.username);
  variables.text("MLFLOW_TRACKING_PASSWORD", access.password);
  variables.text("MLFLOW_TRACKING_TOKEN", access.token);
  bool insecure = false;
  variables.truth("MLFLOW_TRACKING_INSECURE_TLS", insecure);
  access.verify_certificate = !insecure;
  variables.text("MLFLOW_TRACKING_SERVER_CERT_PATH", access.ca_file);
  if (insecure && !access.ca_file.empty()) {  // MLflow's client refuses this too
    variables.refuse(
        "MLFLOW_TRACKING_SERVER_CERT_PATH", access.ca_file,
        "nothing while MLFLOW_TRACKING_INSECURE_TLS is true: no certificate is judged");
  }
  variables.text("MLFLOW_TRACKING_CLIENT_CERT_PATH", access.client_certificate);
  variables.text("MLFLOW_WORKSPACE", access.workspace);
  variables.number("MLFLOW_HTTP_REQUEST_MAX_RETRIES", access.max_retries, {0, kMaxRetries});
  variables.number("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", access.backoff_factor,
                   {0.0, kMaxBackoffFactor});
  variables.number("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", access.backoff_jitter,
                   {0.0, kMaxBackoffFactor});
  variables.seconds("MLFLOW_HTTP_REQUEST_TIMEOUT", access.timeout);
}

void read_variables(Variables& variables, Settings& settings) {
  variables.text("MLFLOW_TRACKING_URI", settings.tracking_uri);
  variables.text("MLFLOW_REGISTRY_URI", settings.registry_uri);
  variables.text("MLFLOW_EXPERIMENT_NAME", settings.experiment_name);
  variables.text("MLFLOW_EXPERIMENT_ID", settings.experiment_id);
  variables.text("MLFLOW_RUN_ID", settings.run_id);
  variables.truth("MLFLOW_TRUNCATE_LONG_VALUES", settings.truncate_long_values);
  variables.truth("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", settings.system_metrics);
  variables.seconds("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", settings.system_metrics_interval);
  variables.tags("MLFLOW_RUN_CONTEXT", settings.run_context);
  variables.truth("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", settings.multipart.through_proxy);
  variables.number("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE",
                   settings.multipart.minimum_file_bytes, {std::uint64_t{0}, kMaxFileBytes});
  variables.number("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", settings.multipart.chunk_bytes,
                   {std::uint64_t{1}, kMaxFileBytes});
  read_access(variables, settings.access);
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Result<Settings> settings_from(const Environment& environment) {
  Settings settings;
  Variables variables(environment);
  read_variables(variables, settings);
  if (variables.problem()) return *variables.problem();

  ServerAccess& access = settings.access;
  const auto home = variables.get("HOME");
  if (!home || (!access.username.empty() && !access.password.empty())) return settings;
  Result<Credentials> file =
      read_credentials(std::filesystem::path(*home) / ".mlflow" / "credentials");
  if (!file) return std::move(file).error();
  if (access.username.empty()) access.username = file->username;
  if (access.password.empty()) access.password = file->password;
  return settings;
}

}  // namespace liquid::tracking
