#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/layer.h"

namespace liquid::api {

/// Lets pages of the listed origins call this server from a browser (WHATWG Fetch, "CORS
/// protocol"): answers preflights, and adds the headers to every answer, refusals included. Origins
/// are compared whole ("https://app.example:8443"); "*" allows all of them, without credentials. It
/// stands before identity, because a browser sends no credentials with a preflight.
class Cors final : public http::Layer {
 public:
  explicit Cors(std::vector<std::string> origins);

  http::Step enter(http::Exchange& exchange) override;
  void leave(http::Exchange& exchange, http::Response& response) override;

 private:
  bool allows(std::string_view origin) const;
  http::Response preflight(const http::Request& request) const;

  const std::vector<std::string> origins_;
  const bool any_;
};

/// "http://host", "https://host:port" or "*": no path, no trailing slash.
bool is_origin(std::string_view text);

}  // namespace liquid::api
