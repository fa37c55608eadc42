#include "http/chain.h"

#include "base/log.h"
#include "http/error_response.h"

namespace liquid::http {

Chain::Entered Chain::enter(Exchange& exchange) const {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Step step = layers_[i]->enter(exchange);
    if (!std::holds_alternative<Continue>(step)) return {.step = std::move(step), .depth = i + 1};
  }
  log_event(LogLevel::error, "no layer answered", {{"path", exchange.request.path}});
  return {.step = error_response(refusals::kInternal), .depth = layers_.size()};
}

void Chain::leave(Exchange& exchange, Response& response, std::size_t depth) const {
  while (depth > 0) layers_[--depth]->leave(exchange, response);
}

}  // namespace liquid::http
