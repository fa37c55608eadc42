#include "http/pending_answer.h"

#include "base/log.h"
#include "http/connection.h"
#include "http/error_response.h"
#include "http/io_thread.h"

namespace liquid::http {
namespace {

// Lives as long as some copy of the Completion.
struct Promise {
  explicit Promise(std::shared_ptr<PendingAnswer> answer) : pending(std::move(answer)) {}
  Promise(const Promise&) = delete;
  Promise& operator=(const Promise&) = delete;
  ~Promise() { pending->answer(error_response(refusals::kInternal), CacheOutcome::none); }

  std::shared_ptr<PendingAnswer> pending;
};

}  // namespace

PendingAnswer::PendingAnswer(std::shared_ptr<IoThread> thread, Connection& connection)
    : thread_(std::move(thread)), connection_(&connection) {}

void PendingAnswer::answer(Response response, CacheOutcome outcome) {
  if (answered_.exchange(true, std::memory_order_relaxed)) return;
  thread_->post([self = shared_from_this(), answer = std::move(response), outcome]() mutable {
    if (self->connection_ != nullptr) self->connection_->deliver(std::move(answer), outcome);
  });
}

Completion PendingAnswer::completion(const std::shared_ptr<PendingAnswer>& pending) {
  return [promise = std::make_shared<Promise>(pending)](Response response, CacheOutcome outcome) {
    promise->pending->answer(std::move(response), outcome);
  };
}

}  // namespace liquid::http
