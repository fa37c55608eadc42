#include "tracking/artifacts/artifact_uri.h"

#include <algorithm>
#include <optional>

#include "tracking/artifacts/artifact_path.h"
#include "tracking/text_coding.h"

// uri       = path                                     a folder of this machine, as it stands
//           | "file:" [ "//" [ "localhost" ] ] path     the same, percent-encoded
//           | "mlflow-artifacts:" [ "//" authority ] "/" path
//                                                      behind the tracking server, or the server
//                                                      named, with the tracking server's scheme
//                                                      and prefix; percent-encoded
//           | ( "http:" | "https:" ) "//" authority [ "/" path ]
//                                                      an MLflow proxy when the path holds
//                                                      "/mlflow-artifacts/artifacts"
//           | "s3:" "//" bucket [ "/" prefix ]
// Only a plain path may hold "..", a query or a fragment; '/' at the end and repeated '/' mean
// nothing. The scheme is read without regard to case.

namespace liquid::tracking::artifacts {
namespace {

constexpr std::string_view kService = "/api/2.0/mlflow-artifacts";
constexpr std::string_view kProxyMark = "/mlflow-artifacts/artifacts";
constexpr std::string_view kSupported =
    "supported: a path, file:, mlflow-artifacts:, http:, https:, s3:";

struct Split {
  std::string scheme;  // lower case
  std::string_view authority;
  bool has_authority = false;
  std::string_view path;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool belongs_to_scheme(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

// Nothing when it is no URI but a path.
std::optional<Split> split(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(uri[0])) return std::nullopt;
  const std::string_view scheme = uri.substr(0, colon);
  if (!std::all_of(scheme.begin(), scheme.end(), belongs_to_scheme)) return std::nullopt;
  Split parts;
  for (const char c : scheme) {
    parts.scheme.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
  }
  parts.path = uri.substr(colon + 1);
  if (parts.path.substr(0, 2) == "//") {
    const std::string_view rest = parts.path.substr(2);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    parts.has_authority = true;
    parts.authority = rest.substr(0, end);
    parts.path = rest.substr(end);
  }
  return parts;
}

// Without the user and password that an authority may begin with.
std::string shown(std::string_view uri) {
  const std::size_t authority = uri.find("://");
  if (authority == std::string_view::npos) return std::string(uri);
  const std::size_t begin = authority + 3;
  const std::size_t end = std::min(uri.find('/', begin), uri.size());
  const std::size_t at = uri.substr(begin, end - begin).rfind('@');
  if (at == std::string_view::npos) return std::string(uri);
  return std::string(uri.substr(0, begin)).append(uri.substr(begin + at + 1));
}

Error invalid(std::string_view uri, std::string_view why) {
  return Error{ErrorCode::invalid_argument,
               "artifact URI \"" + shown(uri) + "\": " + std::string(why)};
}

// "a/b" of "//a//b/".
std::string tidy(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c != '/' || (!out.empty() && out.back() != '/')) out.push_back(c);
  }
  if (!out.empty() && out.back() == '/') out.pop_back();
  return out;
}

// The decoded path of a URI, which must not climb however often somebody decodes it.
Result<std::string> clean_path(std::string_view uri, std::string_view path) {
  if (path.find_first_of("?#") != std::string_view::npos) {
    return invalid(uri, "a query or fragment (\"?\", \"#\") is not allowed");
  }
  if (Result<void> checked = check_path(tidy(decode_fully(path))); !checked) {
    return invalid(uri, checked.error().message);
  }
  return tidy(percent_decoded(path));
}

Result<ArtifactRoot> folder_root(std::string_view uri, const Split& parts) {
  if (!parts.authority.empty() && parts.authority != "localhost") {
    return invalid(
        uri, "it names the host \"" + std::string(parts.authority) + "\"; expected file:///path");
  }
  Result<std::string> path = clean_path(uri, parts.path);
  if (!path) return std::move(path).error();
  const bool absolute = parts.has_authority || parts.path.substr(0, 1) == "/";
  if (path->empty() && !absolute) return invalid(uri, "it names no folder");
  return ArtifactRoot(FolderRoot{absolute ? "/" + *path : *path});
}

Result<std::string_view> checked_authority(std::string_view uri, std::string_view authority) {
  const std::string_view host = authority.substr(authority.rfind('@') + 1);
  if (host.empty() || host.front() == ':') return invalid(uri, "it names no host");
  const bool odd = std::any_of(authority.begin(), authority.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == '\\' || c == '?' || c == '#';
  });
  if (odd) return invalid(uri, "its host has characters that no host has");
  return authority;
}

Result<ArtifactRoot> tracked_root(std::string_view uri, const Split& parts,
                                  std::string_view tracking_uri) {
  const std::optional<Split> server = split(tracking_uri);
  if (!server || (server->scheme != "http" && server->scheme != "https")) {
    return invalid(uri, "the tracking URI must be http:// or https:// to reach it, and is \"" +
                            shown(tracking_uri) + "\"");
  }
  std::string_view authority = parts.authority.empty() ? server->authority : parts.authority;
  Result<std::string_view> checked = checked_authority(uri, authority);
  if (!checked) return std::move(checked).error();
  if (parts.authority.find_first_not_of("0123456789.") == std::string_view::npos &&
      std::count(parts.authority.begin(), parts.authority.end(), '.') < 3 &&
      !parts.authority.empty()) {
    return invalid(uri, "it has the port \"" + std::string(parts.authority) + "\" but no host");
  }
  Result<std::string> path = clean_path(uri, parts.path);
  if (!path) return std::move(path).error();
  const std::string prefix = tidy(server->path);
  std::string base = server->scheme + "://" + std::string(authority);
  if (!prefix.empty()) base += "/" + prefix;
  return ArtifactRoot(
      ProxyRoot{.server = base, .service = base + std::string(kService), .path = *path});
}

Result<ArtifactRoot> web_root(std::string_view uri, const Split& parts) {
  Result<std::string_view> authority = checked_authority(uri, parts.authority);
  if (!authority) return std::move(authority).error();
  Result<std::string> path = clean_path(uri, parts.path);
  if (!path) return std::move(path).error();
  const std::string host = parts.scheme + "://" + std::string(*authority);
  const std::string whole = "/" + *path + "/";
  const std::size_t mark = whole.find(std::string(kProxyMark) + "/");
  if (mark == std::string::npos) {
    return ArtifactRoot(UrlRoot{path->empty() ? host : host + "/" + encode_path(*path)});
  }
  const std::string service = whole.substr(0, mark + std::string("/mlflow-artifacts").size());
  std::string server = service;
  for (const std::string_view known :
       {kService, std::string_view("/ajax-api/2.0/mlflow-artifacts")}) {
    if (service.ends_with(known)) server = service.substr(0, service.size() - known.size());
  }
  return ArtifactRoot(ProxyRoot{.server = host + encode_path(server),
                                .service = host + encode_path(service),
                                .path = tidy(whole.substr(mark + kProxyMark.size()))});
}

Result<ArtifactRoot> bucket_root(std::string_view uri, const Split& parts) {
  const bool good =
      parts.authority.size() >= 3 &&
      std::all_of(parts.authority.begin(), parts.authority.end(), [](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
      });
  if (!good) return invalid(uri, "expected s3://bucket/prefix with a bucket's name");
  Result<std::string> checked = clean_path(uri, parts.path);
  if (!checked) return std::move(checked).error();
  return ArtifactRoot(
      BucketRoot{.bucket = std::string(parts.authority), .prefix = tidy(parts.path)});
}

Error unsupported(std::string_view uri, const std::string& scheme) {
  std::string hint;
  if (scheme == "runs" || scheme == "models") {
    hint = "; it names a run or model, whose artifact URI must be looked up first";
  }
  return Error{ErrorCode::unsupported, "artifact URI \"" + shown(uri) + "\": the scheme \"" +
                                           scheme + "\" is not supported (" +
                                           std::string(kSupported) + ")" + hint};
}

}  // namespace

Result<ArtifactRoot> parse_artifact_uri(std::string_view uri, std::string_view tracking_uri) {
  if (uri.empty()) return invalid(uri, "it is empty");
  if (uri.find('\0') != std::string_view::npos) return invalid(uri.data(), "it has a NUL");
  const std::optional<Split> parts = split(uri);
  if (!parts) return ArtifactRoot(FolderRoot{std::filesystem::path(uri)});
  if (parts->scheme.size() == 1) return invalid(uri, "it has a drive letter");
  if (parts->scheme == "file") return folder_root(uri, *parts);
  if (parts->scheme == "mlflow-artifacts") return tracked_root(uri, *parts, tracking_uri);
  if (parts->scheme == "http" || parts->scheme == "https") return web_root(uri, *parts);
  if (parts->scheme == "s3") return bucket_root(uri, *parts);
  return unsupported(uri, parts->scheme);
}

}  // namespace liquid::tracking::artifacts
