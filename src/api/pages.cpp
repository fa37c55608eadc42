#include "api/pages.h"

#include <cassert>
#include <memory>

#include "api/assets.h"
#include "api/route_list.h"
#include "base/digest.h"

namespace liquid::api {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::shared_ptr<const http::StoredReply> stored(std::string_view name, std::string_view type) {
  auto reply = std::make_shared<http::StoredReply>();
  for (const Asset& asset : assets()) {
    if (asset.name == name) reply->body = asset.text;
  }
  assert(!reply->body.empty() && "an asset is missing from src/api/CMakeLists.txt");
  reply->head.add("Content-Type", type);
  reply->head.add("ETag", "\"" + sha256(reply->body).hex().substr(0, 16) + "\"");
  reply->head.add("Cache-Control", "no-cache");
  reply->head.add("X-Content-Type-Options", "nosniff");
  reply->head.add("Content-Security-Policy", kPolicy);
  return reply;
}

Endpoint page(std::string_view path, std::string_view name, std::string_view type) {
  const auto reply = stored(name, type);
  return {http::Method::get, path, [reply](const http::Exchange& exchange) {
            http::Response response;
            if (exchange.request.header("If-None-Match") == reply->head.find("ETag")) {
              response.status = 304;
              response.headers.add("ETag", reply->head.find("ETag"));
              return response;
            }
            response.stored = reply;
            return response;
          }};
}

Endpoint redirect_to_docs(std::string_view path) {
  return {http::Method::get, path, [](const http::Exchange&) {
            http::Response response;
            response.status = 307;
            response.headers.add("Location", kDocs);
            return response;
          }};
}

}  // namespace

std::vector<Endpoint> page_endpoints() {
  return {page(kDocs, "docs.html", "text/html; charset=utf-8"),
          page(kDocsStyle, "style.css", "text/css; charset=utf-8"),
          page(kDocsScript, "script.js", "text/javascript; charset=utf-8"),
          page(kOpenApi, "openapi.json", "application/json"),
          redirect_to_docs(kRedoc),
          redirect_to_docs(kRoot)};
}

}  // namespace liquid::api
