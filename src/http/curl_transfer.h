#pragma once

#include <memory>

#include "base/result.h"
#include "http/client.h"

namespace liquid::http {

struct EasyClose {
  void operator()(void* handle) const;
};

/// A curl handle and the socket it opened last, which is the connection it uses again. Its address
/// is known to curl, so it stays where it is. Of one thread at a time. For this room only.
struct Channel {
  Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int socket;  // before the handle, which uses it while it closes
  std::unique_ptr<void, EasyClose> handle;
};

/// Does what `Client::transfer` promises, over one channel whose handle is there.
Result<ClientResponse> perform(Channel& channel, const ClientRequest& request,
                               const TransferOptions& options);

}  // namespace liquid::http
