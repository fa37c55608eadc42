#pragma once

#include <cstddef>
#include <vector>

#include "http/layer.h"

namespace liquid::http {

/// The layers in order; runs them as `Layer` promises. Stateless, so shared by all I/O threads.
class Chain {
 public:
  explicit Chain(std::vector<Layer*> layers) : layers_(std::move(layers)) {}

  struct Entered {
    Step step;              ///< Never `Continue`: a chain that nobody answered answers 500.
    std::size_t depth = 0;  ///< How many layers were entered; `leave` wants it back.
  };
  Entered enter(Exchange& exchange) const;
  void leave(Exchange& exchange, Response& response, std::size_t depth) const;

 private:
  std::vector<Layer*> layers_;
};

}  // namespace liquid::http
