#include "http/error_response.h"

#include "base/log.h"

namespace liquid::http {

Response error_response(const Refusal& refusal) {
  std::string body = "{\"detail\":";
  append_json_string(body, refusal.detail);
  body += ",\"code\":";
  append_json_string(body, refusal.code);
  body += "}";
  Response response = json_response(refusal.status, std::move(body));
  if (refusal.status == 503) response.headers.add("Retry-After", "1");
  return response;
}

}  // namespace liquid::http
