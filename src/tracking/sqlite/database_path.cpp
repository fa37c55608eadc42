#include "tracking/sqlite/database_path.h"

#include <cctype>
#include <string>

#include "tracking/text_coding.h"

// uri     = scheme "://" "/" path [ "?" query ]
// scheme  = "sqlite" [ "+" driver ]        (any case)
// path    = text with %XX escapes; a leading "/" makes it absolute

namespace liquid::tracking::sqlite {
namespace {

constexpr std::string_view kForms =
    "expected sqlite:///relative/path.db or sqlite:////absolute/path.db";

bool is_sqlite_scheme(std::string_view scheme) {
  std::string lower;
  for (const char c : scheme.substr(0, scheme.find('+'))) {
    lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return lower == "sqlite";
}

Error refused(ErrorCode code, std::string_view uri, std::string_view why) {
  return Error{code, "tracking URI '" + std::string(uri) + "': " + std::string(why)};
}

}  // namespace

Result<std::filesystem::path> database_path(std::string_view uri) {
  const std::size_t colon = uri.find("://");
  if (colon == std::string_view::npos || !is_sqlite_scheme(uri.substr(0, colon))) {
    return refused(ErrorCode::invalid_argument, uri, kForms);
  }
  std::string_view rest = uri.substr(colon + 3);
  rest = rest.substr(0, rest.find('?'));
  if (!rest.empty() && rest.front() != '/') {
    return refused(ErrorCode::invalid_argument, uri, kForms);
  }
  const std::string path = rest.empty() ? std::string() : percent_decoded(rest.substr(1));
  if (path.find('\0') != std::string::npos) {
    return refused(ErrorCode::invalid_argument, uri, "a path cannot hold a zero byte");
  }
  if (path.empty() || path == ":memory:") {
    return refused(ErrorCode::unsupported, uri,
                   "names a database in memory, which is lost at exit; " + std::string(kForms));
  }
  if (path.rfind("file:", 0) == 0) {
    return refused(ErrorCode::unsupported, uri,
                   "SQLite's file: URIs are not understood; " + std::string(kForms));
  }
  return std::filesystem::path(path);
}

}  // namespace liquid::tracking::sqlite
