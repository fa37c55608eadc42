#include "tracking/error_names.h"

#include <array>

namespace liquid::tracking {
namespace {

enum class Use {
  both_ways,
  reading,  ///< Sent by servers, never by us: another name of the same code is the one we write.
};

struct Row {
  std::string_view name;
  int http_status;
  ErrorCode code;
  Use use;
};

// INTERNAL_ERROR reads as `unavailable`, because MLflow's own client repeats such calls too: the
// defect is not ours, and the same call may succeed later.
constexpr std::array kRows{
    Row{"INVALID_PARAMETER_VALUE", 400, ErrorCode::invalid_argument, Use::both_ways},
    Row{"BAD_REQUEST", 400, ErrorCode::invalid_argument, Use::reading},
    Row{"MALFORMED_REQUEST", 400, ErrorCode::invalid_argument, Use::reading},
    Row{"RESOURCE_DOES_NOT_EXIST", 404, ErrorCode::not_found, Use::both_ways},
    Row{"NOT_FOUND", 404, ErrorCode::not_found, Use::reading},
    Row{"RESOURCE_ALREADY_EXISTS", 400, ErrorCode::conflict, Use::both_ways},
    Row{"ALREADY_EXISTS", 409, ErrorCode::conflict, Use::reading},
    Row{"RESOURCE_CONFLICT", 409, ErrorCode::conflict, Use::reading},
    Row{"ABORTED", 409, ErrorCode::conflict, Use::reading},
    Row{"INVALID_STATE", 500, ErrorCode::invalid_state, Use::both_ways},
    Row{"UNAUTHENTICATED", 401, ErrorCode::unauthenticated, Use::both_ways},
    Row{"CUSTOMER_UNAUTHORIZED", 401, ErrorCode::unauthenticated, Use::reading},
    Row{"PERMISSION_DENIED", 403, ErrorCode::permission_denied, Use::both_ways},
    Row{"RESOURCE_EXHAUSTED", 429, ErrorCode::resource_exhausted, Use::both_ways},
    Row{"REQUEST_LIMIT_EXCEEDED", 429, ErrorCode::resource_exhausted, Use::reading},
    Row{"RESOURCE_LIMIT_EXCEEDED", 429, ErrorCode::resource_exhausted, Use::reading},
    Row{"QUOTA_EXCEEDED", 429, ErrorCode::resource_exhausted, Use::reading},
    Row{"TEMPORARILY_UNAVAILABLE", 503, ErrorCode::unavailable, Use::both_ways},
    Row{"DEADLINE_EXCEEDED", 504, ErrorCode::deadline_exceeded, Use::both_ways},
    Row{"CANCELLED", 499, ErrorCode::cancelled, Use::both_ways},
    Row{"DATA_LOSS", 500, ErrorCode::data_corrupt, Use::both_ways},
    Row{"NOT_IMPLEMENTED", 501, ErrorCode::unsupported, Use::both_ways},
    Row{"ENDPOINT_NOT_FOUND", 404, ErrorCode::unsupported, Use::reading},
    Row{"FEATURE_DISABLED", 403, ErrorCode::unsupported, Use::reading},
    Row{"INTERNAL_ERROR", 500, ErrorCode::unavailable, Use::reading},
};

// A bare 404 or 405 is a server without that endpoint, as MLflow's client has it.
ErrorCode code_of_status(int http_status) {
  switch (http_status) {
    case 401: return ErrorCode::unauthenticated;
    case 403: return ErrorCode::permission_denied;
    case 404:
    case 405:
    case 501: return ErrorCode::unsupported;
    case 408:
    case 504: return ErrorCode::deadline_exceeded;
    case 409: return ErrorCode::conflict;
    case 413:
    case 429: return ErrorCode::resource_exhausted;
    default: break;
  }
  return http_status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid_argument;
}

}  // namespace

ErrorName error_name(ErrorCode code) {
  for (const Row& row : kRows) {
    if (row.code == code && row.use == Use::both_ways) return {row.name, row.http_status};
  }
  return {"INTERNAL_ERROR", 500};  // ErrorCode::internal
}

ErrorCode error_code_from(std::string_view name, int http_status) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.code;
  }
  return code_of_status(http_status);
}

}  // namespace liquid::tracking
