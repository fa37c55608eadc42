#include "http/client.h"

#include <curl/curl.h>

#include <mutex>

#include "base/guarded.h"
#include "http/curl_transfer.h"

namespace liquid::http {
namespace {

constexpr std::size_t kMaxIdleHandles = 8;

}  // namespace

std::string_view ClientResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

struct Client::State {
  using Channels = std::vector<std::unique_ptr<Channel>>;

  Guarded<Channels> idle;  // newest last: its connection is the likeliest to be alive

  std::unique_ptr<Channel> take() {
    auto channel = idle.with([](Channels& channels) {
      if (channels.empty()) return std::unique_ptr<Channel>();
      std::unique_ptr<Channel> newest = std::move(channels.back());
      channels.pop_back();
      return newest;
    });
    return channel ? std::move(channel) : std::make_unique<Channel>();
  }

  void give_back(std::unique_ptr<Channel> channel) {
    const auto surplus = idle.with([&channel](Channels& channels) {
      if (channels.size() >= kMaxIdleHandles) return std::move(channel);
      channels.push_back(std::move(channel));
      return std::unique_ptr<Channel>();
    });
  }
};

Client::Client() : state_(std::make_unique<State>()) {
  static std::once_flag initialised;
  std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

Client::~Client() = default;

Result<ClientResponse> Client::send(const ClientRequest& request) {
  return transfer(request, TransferOptions());
}

Result<ClientResponse> Client::transfer(const ClientRequest& request,
                                        const TransferOptions& options) {
  std::unique_ptr<Channel> channel = state_->take();
  if (!channel->handle) {
    return Error{ErrorCode::resource_exhausted, "out of memory for an HTTP request"};
  }
  Result<ClientResponse> response = perform(*channel, request, options);
  state_->give_back(std::move(channel));
  return response;
}

}  // namespace liquid::http
