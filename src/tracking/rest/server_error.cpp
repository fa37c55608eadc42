#include "tracking/rest/server_error.h"

#include <algorithm>
#include <optional>

#include "http/message.h"
#include "tracking/error_names.h"
#include "tracking/rest/fields.h"
#include "tracking/rest/json_text.h"

namespace liquid::tracking::rest {
namespace {

constexpr std::size_t kMaxExcerpt = 200;
constexpr std::size_t kMaxMessage = 2000;

struct Envelope {
  std::string code;
  std::string message;
};

std::optional<Envelope> envelope_of(std::string_view body) {
  const auto object = parse_object(body);
  if (!object) return std::nullopt;
  FieldProblem problem;
  const Fields fields(*object, problem);
  Envelope envelope{fields.label("error_code"), fields.text("message")};
  if (envelope.code.empty() && envelope.message.empty()) return std::nullopt;
  if (envelope.message.size() > kMaxMessage) envelope.message.resize(kMaxMessage);
  envelope.message = well_formed(envelope.message);
  return envelope;
}

std::string of_status(const http::ClientResponse& response) {
  const std::string status = std::to_string(response.status);
  if (response.status >= 300 && response.status < 400) {
    return "the server sends us to \"" + excerpt(response.header("location")) + "\" (status " +
           status + "); use that address as tracking URI";
  }
  if (is_web_page(response)) {
    return "answered with a web page and status " + status +
           ": is this the address of an MLflow server?";
  }
  const std::string text = excerpt(response.body);
  return "answered with status " + status + (text.empty() ? "" : ": " + text);
}

std::string_view advice(int status) {
  if (status == 401) {
    return " (set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
           "MLFLOW_TRACKING_TOKEN)";
  }
  return "";
}

}  // namespace

bool is_permanent(const http::ClientResponse& response) {
  const auto envelope = envelope_of(response.body);
  if (!envelope) return false;
  // A name that is unknown goes by the status, which is transient.
  switch (error_code_from(envelope->code, response.status)) {
    case ErrorCode::unavailable:
    case ErrorCode::deadline_exceeded:
    case ErrorCode::resource_exhausted:
    case ErrorCode::conflict:  // ABORTED: somebody else's change was first
    case ErrorCode::cancelled: return false;
    case ErrorCode::invalid_argument:
    case ErrorCode::not_found:
    case ErrorCode::invalid_state:
    case ErrorCode::unauthenticated:
    case ErrorCode::permission_denied:
    case ErrorCode::data_corrupt:
    case ErrorCode::unsupported:
    case ErrorCode::internal: return true;
  }
  return false;
}

Error server_error(std::string_view what, const http::ClientResponse& response) {
  if (const auto envelope = envelope_of(response.body)) {
    const ErrorCode code = error_code_from(envelope->code, response.status);
    if (!envelope->message.empty()) return {code, envelope->message};
    return {code, std::string(what) + ": " + excerpt(envelope->code)};
  }
  return {error_code_from("", response.status),
          std::string(what) + ": " + of_status(response) + std::string(advice(response.status))};
}

// By the body alone: MLflow's own "Permission denied" calls itself text/html.
bool is_web_page(const http::ClientResponse& response) {
  const std::string_view body = response.body;
  const std::size_t start = body.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return false;
  const std::string_view head = body.substr(start, 9);
  return http::equals_ignoring_case(head, "<!doctype") ||
         http::equals_ignoring_case(head.substr(0, 5), "<html");
}

std::string excerpt(std::string_view body) {
  std::string line = well_formed(body.substr(0, kMaxExcerpt));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  const std::size_t end = line.find_last_not_of(' ');
  line.resize(end == std::string::npos ? 0 : end + 1);
  if (body.size() > kMaxExcerpt) line += "…";
  return line;
}

}  // namespace liquid::tracking::rest
