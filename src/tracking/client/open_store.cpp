#include "tracking/client/open_store.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "tracking/rest/rest_store.h"
#include "tracking/sqlite/sqlite_store.h"

namespace liquid::tracking {
namespace {

constexpr std::string_view kKnown =
    "sqlite:///relative.db, sqlite:////absolute.db, http://host:port and https://host";

/// Lower case; empty when the URI is a plain path.
std::string scheme_of(std::string_view uri) {
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
  };
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos) return {};
  std::string scheme(uri.substr(0, colon));
  if (!std::all_of(scheme.begin(), scheme.end(), allowed)) return {};
  for (char& c : scheme) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return scheme;
}

Error refused(ErrorCode code, std::string_view uri, const std::string& why) {
  return Error{code, "tracking URI '" + std::string(uri) + "': " + why};
}

Error file_store(std::string_view uri, std::string_view scheme) {
  std::string folder(uri.substr(scheme.empty() ? 0 : scheme.size() + 1));
  if (folder.starts_with("//")) folder.erase(0, 2);
  return refused(ErrorCode::unsupported, uri,
                 "is a folder of MLflow's file store, which MLflow has deprecated in favour of a "
                 "database. What the folder holds goes into one with 'mlflow migrate-filestore "
                 "--source " +
                     folder +
                     " --target sqlite:///mlflow.db'; the tracking URI is then "
                     "sqlite:///mlflow.db");
}

Error unknown_scheme(std::string_view uri, const std::string& scheme) {
  return refused(ErrorCode::unsupported, uri,
                 "the scheme '" + scheme + "' is not known; known are " + std::string(kKnown) +
                     ". Another database is reached through 'mlflow server "
                     "--backend-store-uri …' and the server's address");
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(std::string_view uri, const Settings& settings,
                                          const Clock& clock) {
  if (uri.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "the tracking URI is empty; known are " + std::string(kKnown)};
  }
  // MLflow takes this word alone for its vendor's service.
  const std::string scheme = uri == "databricks" ? std::string(uri) : scheme_of(uri);
  // "sqlite+driver" is how Python names the same with one of its drivers.
  if (scheme.substr(0, scheme.find('+')) == "sqlite") {
    return open_sqlite_store(uri, settings, clock);
  }
  if (scheme == "http" || scheme == "https") return open_rest_store(uri, settings, clock);
  if (scheme.empty() || scheme == "file") return file_store(uri, scheme);
  return unknown_scheme(uri, scheme);
}

}  // namespace liquid::tracking
