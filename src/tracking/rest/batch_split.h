#pragma once

#include <cstddef>
#include <string>

#include "tracking/store.h"

namespace liquid::tracking::rest {

/// The limits MLflow documents for one log-batch request.
struct BatchLimits {
  std::size_t metrics = 1000;
  std::size_t params = 100;
  std::size_t tags = 100;
  std::size_t entities = 1000;
  std::size_t bytes = 1'000'000;
};

/// Cuts a batch into the JSON bodies of log-batch requests: parameters and tags first, everything
/// in its order, each body within the limits. An entity that is larger than `bytes` by itself goes
/// alone, for the server to judge. The batch is borrowed.
class BatchSplit {
 public:
  BatchSplit(const RunId& run, const Batch& batch, BatchLimits limits = {});

  bool done() const;
  /// The next body. Must not be called once `done`.
  std::string next();

 private:
  const RunId& run_;
  const Batch& batch_;
  const BatchLimits limits_;
  std::size_t metrics_ = 0;  // how many of each are in bodies already
  std::size_t params_ = 0;
  std::size_t tags_ = 0;
};

}  // namespace liquid::tracking::rest
