#pragma once

#include "api/line_writer.h"
#include "base/clock.h"
#include "http/layer.h"

namespace liquid::api {

/// The outermost layer: gives every answer its X-Request-Id and X-Response-Time (seconds with three
/// digits, "0.013s"), and writes one JSON line per request:
///
///   {"time":"…","event":"request","id":"…","remote":"127.0.0.1","tenant":"public","method":"POST",
///    "path":"/ask","status":200,"bytes":412,"seconds":0.000031,"cache":"hit"}
///
/// The query string and all bodies stay out of the log.
class AccessLog final : public http::Layer {
 public:
  /// `writer` null: no lines. Both are borrowed and outlive the layer.
  AccessLog(LineWriter* writer, const Clock& clock) : writer_(writer), clock_(clock) {}

  http::Step enter(http::Exchange& exchange) override;
  void leave(http::Exchange& exchange, http::Response& response) override;

 private:
  LineWriter* writer_;
  const Clock& clock_;
};

/// "hit", "revalidated", "joined", "miss", "bypass"; "" for none.
std::string_view cache_outcome_name(http::CacheOutcome outcome);

}  // namespace liquid::api
