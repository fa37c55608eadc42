#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace liquid::tracking::artifacts {

struct FolderRoot {
  std::filesystem::path folder;
  bool operator==(const FolderRoot&) const = default;
};

/// Below the artifact proxy of an MLflow server.
struct ProxyRoot {
  std::string server;   ///< "http://host:5000/prefix", without '/' at the end.
  std::string service;  ///< `server` and "/api/2.0/mlflow-artifacts".
  std::string path;     ///< Decoded, relative; "" is all that the server keeps.
  bool operator==(const ProxyRoot&) const = default;
};

/// Below any other URL; such a store cannot be listed.
struct UrlRoot {
  std::string url;  ///< Percent-encoded, without '/' at the end.
  bool operator==(const UrlRoot&) const = default;
};

struct BucketRoot {
  std::string bucket;
  std::string prefix;  ///< Without '/' at either end; as it stands, S3 keys are not decoded.
  bool operator==(const BucketRoot&) const = default;
};

using ArtifactRoot = std::variant<FolderRoot, ProxyRoot, UrlRoot, BucketRoot>;

/// Reads an artifact URI (the grammar stands in the source). `tracking_uri` is where
/// mlflow-artifacts: without a host leads. Errors: unsupported (names the scheme),
/// invalid_argument; messages show no password.
Result<ArtifactRoot> parse_artifact_uri(std::string_view uri, std::string_view tracking_uri);

}  // namespace liquid::tracking::artifacts
