#pragma once

#include "http/message.h"
#include "http/refusal.h"

namespace liquid::http {

/// `{"detail": "…", "code": "…"}` with the refusal's status; 503 asks to come back after a second.
Response error_response(const Refusal& refusal);

}  // namespace liquid::http
