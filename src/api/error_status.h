#pragma once

#include "base/result.h"
#include "http/message.h"

namespace liquid::api {

/// The one table from ErrorCode to HTTP status.
int error_status(ErrorCode code);

/// `{"detail": message}` with the table's status. What is our own defect (internal, data_corrupt)
/// goes to the log; the client is told no more than that it happened. 503 carries Retry-After.
http::Response error_response(const Error& error);

/// The same for an error of something we call on the client's behalf (generator, index): its
/// refusal of *our* credentials or rate must not look like a refusal of the client's, so that 401,
/// 403, 404 and 429 become 502 and 503.
http::Response upstream_error_response(const Error& error);

/// `{"detail": text}`.
http::Response detail_response(int status, std::string_view text);

}  // namespace liquid::api
