#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/client.h"
#include "tracking/artifacts/attempts.h"
#include "tracking/rest/rest_store.h"
#include "tracking/settings.h"

namespace liquid::tracking::artifacts {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// What all calls of one store share: connections, time limits, repetitions. Any thread.
class ServerCalls {
 public:
  /// `foreign_tls` is for addresses that a server hands out.
  ServerCalls(ServerAccess access, Sleeper sleep, http::TlsChoice foreign_tls)
      : access_(std::move(access)),
        sleep_(std::move(sleep)),
        foreign_tls_(std::move(foreign_tls)) {}

  const ServerAccess& access() const { return access_; }
  Attempts attempts() const { return {access_, sleep_}; }

  /// A request that shows who we are: for the MLflow server.
  http::ClientRequest request(std::string method, std::string url) const;
  /// A request that does not: for addresses the server hands out, whose query says all.
  http::ClientRequest foreign_request(std::string method, std::string url) const;

  /// Once. No limit on time but that bytes move.
  Result<http::ClientResponse> try_once(const http::ClientRequest& request,
                                        http::TransferOptions options = {});
  /// Until an answer that is no failure of the moment, at most as often as the settings say.
  /// Answers that are not 2xx are errors; `doing` is for their messages.
  Result<http::ClientResponse> call(const http::ClientRequest& request, std::string_view doing,
                                    const http::TransferOptions& options = {});

 private:
  const ServerAccess access_;
  const Sleeper sleep_;
  const http::TlsChoice foreign_tls_;
  http::Client client_;
};

}  // namespace liquid::tracking::artifacts
