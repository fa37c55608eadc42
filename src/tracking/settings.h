#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "tracking/entities.h"

namespace liquid::tracking {

/// Reads one variable of the environment; nothing when it is not set. Injected in tests.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

/// How to reach a tracking server; every field with a name beside it is an environment variable of
/// MLflow's client.
struct ServerAccess {
  std::string username;                        ///< MLFLOW_TRACKING_USERNAME
  std::string password;                        ///< MLFLOW_TRACKING_PASSWORD
  std::string token;                           ///< MLFLOW_TRACKING_TOKEN
  bool verify_certificate = true;              ///< Not MLFLOW_TRACKING_INSECURE_TLS
  std::string ca_file;                         ///< MLFLOW_TRACKING_SERVER_CERT_PATH
  std::string client_certificate;              ///< MLFLOW_TRACKING_CLIENT_CERT_PATH
  std::string workspace;                       ///< MLFLOW_WORKSPACE
  int max_retries = 7;                         ///< MLFLOW_HTTP_REQUEST_MAX_RETRIES
  double backoff_factor = 2.0;                 ///< MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR
  double backoff_jitter = 1.0;                 ///< MLFLOW_HTTP_REQUEST_BACKOFF_JITTER, seconds
  std::chrono::milliseconds timeout{120'000};  ///< MLFLOW_HTTP_REQUEST_TIMEOUT, seconds there
  /// Not from the environment: once asked to stop, every call to the server, its waits between
  /// repetitions included, ends within a second with `cancelled`.
  std::stop_token stop;
};

/// Large files through the tracking server's artifact proxy.
struct MultipartUpload {
  bool through_proxy = false;                      ///< MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD
  std::uint64_t minimum_file_bytes = 500U << 20U;  ///< MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE
  std::uint64_t chunk_bytes = 10U << 20U;          ///< MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE
};

/// Everything a client takes from its surroundings.
struct Settings {
  std::string tracking_uri = "sqlite:///mlflow.db";  ///< MLFLOW_TRACKING_URI
  std::string registry_uri;                          ///< MLFLOW_REGISTRY_URI; empty: the same
  std::string experiment_name;                       ///< MLFLOW_EXPERIMENT_NAME
  std::string experiment_id;                         ///< MLFLOW_EXPERIMENT_ID
  std::string run_id;                                ///< MLFLOW_RUN_ID
  std::string artifact_root;         ///< For new SQLite files; empty: ./mlruns as MLflow does
  bool truncate_long_values = true;  ///< MLFLOW_TRUNCATE_LONG_VALUES
  bool system_metrics = false;       ///< MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING
  std::chrono::milliseconds system_metrics_interval{10'000};  ///< …_SAMPLING_INTERVAL
  std::vector<Tag> run_context;  ///< MLFLOW_RUN_CONTEXT, a JSON object: tags of every new run
  MultipartUpload multipart;
  ServerAccess access;
};

/// The settings an environment asks for; a user name or password that is not in it comes from
/// ~/.mlflow/credentials ($HOME). An empty variable counts as absent. Errors: invalid_argument
/// naming the variable (or the file and line), its value and what was expected; permission_denied
/// (file). Messages never show a password or token.
Result<Settings> settings_from(const Environment& environment);

}  // namespace liquid::tracking
