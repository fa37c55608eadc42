#include "api/error_status.h"

#include "api/json_writer.h"
#include "base/log.h"

namespace liquid::api {

int error_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return 400;
    case ErrorCode::not_found: return 404;
    case ErrorCode::conflict:
    case ErrorCode::invalid_state: return 409;
    case ErrorCode::unauthenticated: return 401;
    case ErrorCode::permission_denied: return 403;
    case ErrorCode::resource_exhausted: return 429;
    case ErrorCode::unavailable: return 503;
    case ErrorCode::deadline_exceeded: return 504;
    case ErrorCode::cancelled: return 503;
    case ErrorCode::data_corrupt: return 500;
    case ErrorCode::unsupported: return 501;
    case ErrorCode::internal: return 500;
  }
  return 500;
}

http::Response detail_response(int status, std::string_view text) {
  JsonWriter json;
  json.begin_object().key("detail").string(text).end_object();
  http::Response response = http::json_response(status, std::move(json).take());
  if (status == 503) response.headers.add("Retry-After", "1");
  return response;
}

http::Response error_response(const Error& error) {
  const int status = error_status(error.code);
  if (status == 500) {
    log_event(LogLevel::error, "request failed",
              {{"code", error_code_name(error.code)}, {"message", error.message}});
    return detail_response(status, "Internal Server Error");
  }
  return detail_response(status, error.message);
}

namespace {

ErrorCode code_for_the_client(ErrorCode code) {
  switch (code) {
    case ErrorCode::resource_exhausted: return ErrorCode::unavailable;
    case ErrorCode::invalid_argument:
    case ErrorCode::not_found:
    case ErrorCode::conflict:
    case ErrorCode::invalid_state:
    case ErrorCode::unsupported: return ErrorCode::internal;
    case ErrorCode::unauthenticated:
    case ErrorCode::permission_denied:
    case ErrorCode::unavailable:
    case ErrorCode::deadline_exceeded:
    case ErrorCode::cancelled:
    case ErrorCode::data_corrupt:
    case ErrorCode::internal: return code;
  }
  return ErrorCode::internal;
}

// Not the message: it may quote the endpoint's words, its address, or a path of this machine.
std::string_view text_for_the_client(int status) {
  switch (status) {
    case 503: return "The answer cannot be made at the moment; try again later.";
    case 504: return "The answer was not ready in time.";
    default: return "Internal Server Error";
  }
}

}  // namespace

http::Response upstream_error_response(const Error& error) {
  log_event(LogLevel::warning, "answer failed",
            {{"code", error_code_name(error.code)}, {"message", error.message}});
  if (error.code == ErrorCode::unauthenticated || error.code == ErrorCode::permission_denied) {
    return detail_response(502, "The answer generator refused this server's credentials.");
  }
  const int status = error_status(code_for_the_client(error.code));
  return detail_response(status, text_for_the_client(status));
}

}  // namespace liquid::api
