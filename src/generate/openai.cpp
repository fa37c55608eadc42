#include "generate/openai.h"

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "generate/support.h"

namespace liquid::generate {
namespace {

constexpr std::size_t kMaxReplyBytes = 4UL * 1024 * 1024;

/// One connection per call that runs at the same time; idle ones are kept for the next.
class ClientPool {
 public:
  Result<http::ClientResponse> send(const http::ClientRequest& request) {
    const std::shared_ptr<http::Client> client = take();
    Result<http::ClientResponse> response = client->send(request);
    idle_.with([&client](Clients& idle) { idle.push_back(client); });
    return response;
  }

 private:
  using Clients = std::vector<std::shared_ptr<http::Client>>;

  std::shared_ptr<http::Client> take() {
    std::shared_ptr<http::Client> client = idle_.with([](Clients& idle) {
      if (idle.empty()) return std::shared_ptr<http::Client>();
      std::shared_ptr<http::Client> last = std::move(idle.back());
      idle.pop_back();
      return last;
    });
    return client ? client : std::make_shared<http::Client>();
  }

  Guarded<Clients> idle_;
};

OpenAiGenerator::World real_world() {
  const auto pool = std::make_shared<ClientPool>();
  return {[pool](const http::ClientRequest& request) { return pool->send(request); },
          [](std::chrono::milliseconds delay) { std::this_thread::sleep_for(delay); }};
}

Result<void> validate(const OpenAiOptions& options) {
  const std::string& url = options.base_url;
  const bool has_scheme = url.starts_with("http://") || url.starts_with("https://");
  if (!has_scheme || url.find_first_of(" \t\r\n") != std::string::npos) {
    return Error{ErrorCode::invalid_argument,
                 "the generator's base URL is \"" + url + "\", expected http://… or https://…"};
  }
  if (options.chat.model.empty()) {
    return Error{ErrorCode::invalid_argument, "the openai generator needs the name of a model"};
  }
  if (options.api_key.find_first_of("\r\n") != std::string::npos) {
    return Error{ErrorCode::invalid_argument, "the API key holds a line break"};
  }
  return {};
}

bool is_worth_another_try(const Result<http::ClientResponse>& response) {
  if (!response) return response.error().code == ErrorCode::unavailable;
  return response->status == 429 || response->status >= 500;
}

std::optional<std::chrono::milliseconds> asked_delay(const Result<http::ClientResponse>& response) {
  if (!response) return std::nullopt;
  return parse_retry_after(response->header("retry-after"));
}

Draft not_found() {
  Draft draft;
  draft.text = kNothingFound;
  return draft;
}

}  // namespace

Result<std::unique_ptr<OpenAiGenerator>> OpenAiGenerator::open(OpenAiOptions options,
                                                               const Clock& clock) {
  return open(std::move(options), clock, real_world());
}

Result<std::unique_ptr<OpenAiGenerator>> OpenAiGenerator::open(OpenAiOptions options,
                                                               const Clock& clock, World world) {
  const Result<void> valid = validate(options);
  if (!valid) return Error(valid.error());
  while (options.base_url.ends_with('/')) options.base_url.pop_back();
  return std::unique_ptr<OpenAiGenerator>(
      new OpenAiGenerator(std::move(options), clock, std::move(world)));
}

OpenAiGenerator::OpenAiGenerator(OpenAiOptions options, const Clock& clock, World world)
    : options_(std::move(options)),
      world_(std::move(world)),
      circuit_(clock, options_.circuit),
      random_(std::mt19937_64(process_seed())) {}

Result<Draft> OpenAiGenerator::generate(const Prompt& prompt) const {
  if (prompt.passages.empty()) return not_found();
  const Result<std::string> text = complete(prompt);
  if (!text) return Error(text.error());
  Cited cited = check_citations(*text, prompt.passages.size());
  if (says_not_found(cited)) return not_found();
  Draft draft;
  draft.found = true;
  draft.text = std::move(cited.text);
  draft.cited = std::move(cited.passages);
  draft.support = support_by_passages(prompt, draft.cited);
  return draft;
}

Result<std::string> OpenAiGenerator::complete(const Prompt& prompt) const {
  const Result<http::ClientResponse> response = send_with_retries(make_request(prompt));
  if (!response) return Error(response.error());
  if (response->status != 200) return refusal(*response);
  return chat_text(response->body);
}

http::ClientRequest OpenAiGenerator::make_request(const Prompt& prompt) const {
  http::ClientRequest request;
  request.method = "POST";
  request.url = options_.base_url + "/chat/completions";
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  if (!options_.api_key.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + options_.api_key);
  }
  request.body = chat_request(options_.chat, prompt);
  request.connect_timeout = options_.connect_timeout;
  request.total_timeout = options_.total_timeout;
  request.max_response_bytes = kMaxReplyBytes;
  return request;
}

Result<http::ClientResponse> OpenAiGenerator::send_with_retries(
    const http::ClientRequest& request) const {
  for (std::size_t attempt = 1;; ++attempt) {
    if (!circuit_.try_enter()) return circuit_open();
    Result<http::ClientResponse> response = send_once(request);
    if (!is_worth_another_try(response)) return response;
    const double random = random_.with([](std::mt19937_64& generator) {
      return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
    });
    const auto delay = retry_delay(options_.retry, attempt, random, asked_delay(response));
    if (!delay) return response;
    world_.wait(*delay);
  }
}

Result<http::ClientResponse> OpenAiGenerator::send_once(const http::ClientRequest& request) const {
  Result<http::ClientResponse> response = world_.send(request);
  if (!response || response->status >= 500) {
    circuit_.failed();
  } else if (response->status == 429) {
    circuit_.abandoned();
  } else {
    circuit_.succeeded();
  }
  if (response) return response;
  Error error = response.error();
  error.message = without_key("the model endpoint: " + error.message);
  return error;
}

Error OpenAiGenerator::circuit_open() const {
  return {ErrorCode::unavailable, "the model endpoint failed " +
                                      std::to_string(circuit_.failures_in_a_row()) +
                                      " times in a row and is left alone for a moment"};
}

Error OpenAiGenerator::refusal(const http::ClientResponse& response) const {
  std::string message =
      "the model endpoint answered with status " + std::to_string(response.status);
  const std::string reason = chat_error_message(response.body);
  if (!reason.empty()) message += ": " + reason;
  message = without_key(std::move(message));
  switch (response.status) {
    case 401:
    case 403: return {ErrorCode::unauthenticated, std::move(message)};
    case 429: return {ErrorCode::resource_exhausted, std::move(message)};
    case 408:
    case 504: return {ErrorCode::deadline_exceeded, std::move(message)};
    default: break;
  }
  const bool is_down = response.status >= 500;
  return {is_down ? ErrorCode::unavailable : ErrorCode::internal, std::move(message)};
}

std::string OpenAiGenerator::without_key(std::string text) const {
  if (options_.api_key.empty()) return text;
  for (std::size_t at = text.find(options_.api_key); at != std::string::npos;
       at = text.find(options_.api_key, at)) {
    text.replace(at, options_.api_key.size(), "***");
    at += 3;
  }
  return text;
}

Digest OpenAiGenerator::version() const {
  return DigestBuilder()
      .field("openai")
      .field(options_.base_url)
      .field(options_.chat.model)
      .field(std::to_string(options_.chat.temperature))
      .field(std::uint64_t{options_.chat.max_tokens})
      .field(system_prompt())
      .finish();
}

std::string OpenAiGenerator::trouble() const {
  if (circuit_.state() == CircuitBreaker::State::closed) return {};
  return circuit_open().message;
}

}  // namespace liquid::generate
