#pragma once

#include <boost/json/object.hpp>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "http/client.h"
#include "tracking/rest/address.h"
#include "tracking/rest/fields.h"
#include "tracking/rest/rest_store.h"
#include "tracking/settings.h"

namespace liquid::tracking::rest {

/// Fields of a GET request; a field that repeats is a key that repeats.
using Query = std::vector<std::pair<std::string_view, std::string>>;

/// A server's JSON object, and the request it answers.
struct Answer {
  std::string what;  ///< "POST http://host/api/2.0/mlflow/runs/create"
  boost::json::object body;

  /// What `decode` makes of the fields. Errors: data_corrupt, naming the request and the field.
  template <typename Decode>
  auto read(Decode decode) const -> Result<decltype(decode(std::declval<const Fields&>()))> {
    FieldProblem problem;
    auto value = decode(Fields(body, problem));
    if (problem.text.empty()) return value;
    return Error{ErrorCode::data_corrupt, what + ": " + problem.text};
  }
};

/// MLflow's REST API at one address: who asks, how often, and what errors mean. Any thread.
class Endpoint {
 public:
  Endpoint(Address address, ServerAccess access, const Clock& clock, Sleeper sleep);

  /// `path` is what follows /api/2.0/mlflow/ ("runs/get").
  Result<Answer> get(std::string_view path, const Query& query);
  Result<Answer> post(std::string_view path, const boost::json::object& body);
  Result<Answer> patch(std::string_view path, const boost::json::object& body);
  Result<Answer> remove(std::string_view path, const boost::json::object& body);
  /// The same with JSON text that is made already.
  Result<Answer> post_text(std::string_view path, std::string body);

 private:
  http::ClientRequest request(std::string_view method, std::string_view path) const;
  Result<Answer> exchange(const http::ClientRequest& request);
  Result<http::ClientResponse> send_until_answered(const http::ClientRequest& request,
                                                   int& attempts);
  std::chrono::milliseconds pause_after(const Result<http::ClientResponse>& outcome, int attempt);

  const Address address_;
  const ServerAccess access_;
  const Clock& clock_;
  const Sleeper sleep_;
  std::vector<std::pair<std::string, std::string>> headers_;
  http::Client client_;
  Guarded<std::minstd_rand> random_;
};

/// The answer's success without its fields.
Result<void> done(const Result<Answer>& answer);

}  // namespace liquid::tracking::rest
