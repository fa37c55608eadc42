#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tracking/rest/entity_json.h"
#include "tracking/rest/json_text.h"
#include "tracking/rest/registry_json.h"
#include "tracking/rest/server_error.h"

using namespace liquid::tracking::rest;

// Any bytes as a tracking server's answer: read as an error and as every kind of entity. Messages
// stay short, and what is read without a problem has the names it promises.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  liquid::http::ClientResponse response;
  response.status = 500;
  response.body.assign(reinterpret_cast<const char*>(data), size);
  if (server_error("GET http://host", response).message.size() > 2'500) std::abort();
  const auto object = parse_object(response.body);
  if (!object) return 0;
  FieldProblem problem;
  const Fields fields(*object, problem);
  const bool named = !read_run(fields).info.id.empty() && !read_experiment(fields).id.empty() &&
                     !read_logged_model(fields).id.empty() &&
                     !read_registered_model(fields).name.empty() &&
                     !read_model_version(fields).version.empty();
  if (problem.text.size() > 600 || (problem.text.empty() && !named)) std::abort();
  return 0;
}
