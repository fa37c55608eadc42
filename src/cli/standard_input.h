#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "corpus/byte_source.h"

namespace liquid::cli {

/// Standard input that stops waiting (with `cancelled`) when it is asked to.
class StandardInput final : public corpus::ByteSource {
 public:
  explicit StandardInput(std::stop_token stop);
  ~StandardInput() override;
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

  Result<std::size_t> read(std::span<char> buffer) override;

 private:
  std::stop_token stop_;
  int wake_ = -1;  ///< eventfd(2), written to by the stop request.
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace liquid::cli
