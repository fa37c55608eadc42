#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"
#include "tracking/rest/rest_store.h"
#include "tracking/settings.h"

namespace liquid::tracking::artifacts {

/// How often one piece of work is tried again, and the waits between, as MLflow's client does it:
/// after 408, 429, 500, 502, 503, 504, lost connections and time-outs. Borrows its arguments.
class Attempts {
 public:
  Attempts(const ServerAccess& access, const Sleeper& sleep) : access_(access), sleep_(sleep) {}

  /// Whether to try again after `outcome`; has waited when it says yes.
  bool again(const Result<http::ClientResponse>& outcome);
  /// The work got further: failures are counted anew.
  void got_further() { failures_ = 0; }

 private:
  const ServerAccess& access_;
  const Sleeper& sleep_;
  int failures_ = 0;
};

/// The error that an answer means: MLflow's JSON, S3's XML or plain text. `doing` is what was
/// tried, for the message.
Error error_of(const http::ClientResponse& response, std::string_view doing);

}  // namespace liquid::tracking::artifacts
