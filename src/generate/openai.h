#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "generate/chat.h"
#include "generate/circuit_breaker.h"
#include "generate/generator.h"
#include "generate/retry.h"
#include "http/client.h"

namespace liquid::generate {

struct OpenAiOptions {
  std::string base_url;  ///< Up to and with the version, e.g. "http://127.0.0.1:8080/v1".
  std::string api_key;   ///< Sent as a bearer token; empty: none is sent. Never shown in a message.
  ChatSettings chat;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds total_timeout{60'000};  ///< Of one attempt.
  RetryOptions retry;
  CircuitOptions circuit;
};

/// Answers with a model behind an endpoint that speaks OpenAI's /chat/completions (vLLM,
/// llama-server, Ollama and others). Tries again after 429, 5xx and refused connections; stops
/// asking for a while when the endpoint keeps failing. Blocking; safe from several threads, which
/// call side by side.
class OpenAiGenerator final : public Generator {
 public:
  /// The outside world, replaceable in tests. Safe from several threads.
  struct World {
    std::function<Result<http::ClientResponse>(const http::ClientRequest&)> send;
    std::function<void(std::chrono::milliseconds)> wait;
  };

  /// Errors: invalid_argument (base URL or model missing or malformed).
  /// `clock` is borrowed and outlives the generator.
  static Result<std::unique_ptr<OpenAiGenerator>> open(OpenAiOptions options, const Clock& clock);
  static Result<std::unique_ptr<OpenAiGenerator>> open(OpenAiOptions options, const Clock& clock,
                                                       World world);

  Result<Draft> generate(const Prompt& prompt) const override;
  Digest version() const override;
  std::string name() const override { return "openai:" + options_.chat.model; }
  std::string trouble() const override;

 private:
  OpenAiGenerator(OpenAiOptions options, const Clock& clock, World world);

  Result<std::string> complete(const Prompt& prompt) const;
  Result<http::ClientResponse> send_with_retries(const http::ClientRequest& request) const;
  Result<http::ClientResponse> send_once(const http::ClientRequest& request) const;
  http::ClientRequest make_request(const Prompt& prompt) const;
  Error circuit_open() const;
  Error refusal(const http::ClientResponse& response) const;
  std::string without_key(std::string text) const;

  OpenAiOptions options_;
  World world_;
  mutable CircuitBreaker circuit_;
  mutable Guarded<std::mt19937_64> random_;
};

}  // namespace liquid::generate
