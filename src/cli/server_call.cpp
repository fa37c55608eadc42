#include "cli/server_call.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace liquid::cli {
namespace {

namespace json = boost::json;

ErrorCode code_of(int status) {
  switch (status) {
    case 401: return ErrorCode::unauthenticated;
    case 403: return ErrorCode::permission_denied;
    case 404: return ErrorCode::not_found;
    case 429: return ErrorCode::resource_exhausted;
    case 503: return ErrorCode::unavailable;
    case 504: return ErrorCode::deadline_exceeded;
    default: return status < 500 ? ErrorCode::invalid_argument : ErrorCode::internal;
  }
}

}  // namespace

std::string refusal_text(int status, std::string_view body) {
  std::string answered = "the server answered " + std::to_string(status);
  boost::system::error_code error;
  const json::value value = json::parse({body.data(), body.size()}, error);
  const json::object* object = error ? nullptr : value.if_object();
  const json::value* detail = object == nullptr ? nullptr : object->if_contains("detail");
  if (detail == nullptr) return answered;
  if (const json::string* text = detail->if_string()) {
    return answered + ": " + std::string(text->data(), text->size());
  }
  return answered + ": " + json::serialize(*detail);
}

Result<http::ClientResponse> call_server(const ServerCall& call) {
  http::ClientRequest request;
  request.method = call.method;
  request.url = call.server;
  while (!request.url.empty() && request.url.back() == '/') request.url.pop_back();
  request.url += call.path;
  request.body = call.body;
  if (!call.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  if (!call.api_key.empty()) request.headers.emplace_back("X-API-Key", call.api_key);
  if (!call.admin_key.empty()) request.headers.emplace_back("X-Admin-Key", call.admin_key);
  request.total_timeout = std::chrono::milliseconds(180'000);

  http::Client client;
  auto response = client.send(request);
  if (!response) return response;
  if (response->status < 200 || response->status > 299) {
    return Error{code_of(response->status), refusal_text(response->status, response->body)};
  }
  return response;
}

}  // namespace liquid::cli
