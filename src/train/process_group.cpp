#include "train/process_group.h"

// Declarations of gloo for this one header: see cmake/gloo_declarations.
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>
#include <vector>

namespace liquid::train {
namespace {

struct Range {
  int low;
  int high;
};

Result<int> number_from(const char* variable, int otherwise, Range range) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return otherwise;
  const std::string_view given = text;
  int value = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  if (error == std::errc{} && end == given.data() + given.size() && value >= range.low &&
      value <= range.high) {
    return value;
  }
  return Error{ErrorCode::invalid_argument,
               std::string("environment variable ") + variable + " is '" + std::string(given) +
                   "', expected a number from " + std::to_string(range.low) + " to " +
                   std::to_string(range.high)};
}

/// LibTorch reports failures by throwing; this is the border. `doing` names the collective.
template <typename Work>
Result<void> guarded(const char* doing, Work work) {
  try {
    work();
    return {};
  } catch (const std::exception& failure) {
    const std::string text = failure.what();
    return Error{ErrorCode::unavailable, std::string("process group: ") + doing +
                                             " failed: " + text.substr(0, text.find('\n'))};
  }
}

/// Fewer, larger messages: all tensors in one.
at::Tensor flattened(std::span<at::Tensor> tensors) {
  std::vector<at::Tensor> flat;
  flat.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) flat.push_back(tensor.reshape({-1}).cpu());
  return at::cat(flat);
}

void spread(const at::Tensor& flat, std::span<at::Tensor> tensors) {
  std::int64_t begin = 0;
  for (at::Tensor& tensor : tensors) {
    tensor.copy_(flat.narrow(0, begin, tensor.numel()).view_as(tensor));
    begin += tensor.numel();
  }
}

}  // namespace

struct ProcessGroup::Backend {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
};

Result<GroupPlace> group_place_from_environment() {
  GroupPlace place;
  const auto size = number_from("WORLD_SIZE", 1, {1, 65536});
  if (!size) return size.error();
  const auto rank = number_from("RANK", 0, {0, *size - 1});
  if (!rank) return rank.error();
  const auto local_rank = number_from("LOCAL_RANK", 0, {0, *size - 1});
  if (!local_rank) return local_rank.error();
  const auto port = number_from("MASTER_PORT", place.master_port, {1, 65535});
  if (!port) return port.error();
  place.size = *size;
  place.rank = *rank;
  place.local_rank = *local_rank;
  place.master_port = static_cast<std::uint16_t>(*port);
  if (const char* address = std::getenv("MASTER_ADDR")) place.master_address = address;
  return place;
}

ProcessGroup::ProcessGroup(GroupPlace place, std::unique_ptr<Backend> backend)
    : place_(std::move(place)), backend_(std::move(backend)) {}

ProcessGroup::~ProcessGroup() = default;

Result<std::unique_ptr<ProcessGroup>> ProcessGroup::join(const GroupPlace& place,
                                                         std::chrono::seconds patience) {
  if (place.size == 1) return std::unique_ptr<ProcessGroup>(new ProcessGroup(place, nullptr));
  auto backend = std::make_unique<Backend>();
  const auto joined = guarded("joining", [&] {
    c10d::TCPStoreOptions options;
    options.port = place.master_port;
    options.isServer = place.rank == 0;
    options.numWorkers = static_cast<std::size_t>(place.size);
    options.timeout = patience;
    backend->store = c10::make_intrusive<c10d::TCPStore>(place.master_address, options);
    backend->gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(
        backend->store, place.rank, place.size,
        c10d::ProcessGroupGloo::Options::create_default(patience));
  });
  if (!joined) {
    return Error(joined.error())
        .with_context("rank " + std::to_string(place.rank) + " of " + std::to_string(place.size) +
                      " at " + place.master_address + ":" + std::to_string(place.master_port));
  }
  return std::unique_ptr<ProcessGroup>(new ProcessGroup(place, std::move(backend)));
}

Result<void> ProcessGroup::sum(std::span<at::Tensor> tensors) {
  if (!backend_ || tensors.empty()) return {};
  return guarded("summing gradients", [&] {
    std::vector<at::Tensor> message{flattened(tensors)};
    backend_->gloo->allreduce(message)->wait();
    spread(message[0], tensors);
  });
}

Result<void> ProcessGroup::sum(std::span<double> numbers) {
  if (!backend_ || numbers.empty()) return {};
  return guarded("summing numbers", [&] {
    std::vector<at::Tensor> message{
        at::tensor(at::ArrayRef<double>(numbers.data(), numbers.size()), at::kDouble)};
    backend_->gloo->allreduce(message)->wait();
    std::copy_n(message[0].const_data_ptr<double>(), numbers.size(), numbers.begin());
  });
}

Result<void> ProcessGroup::broadcast(std::span<at::Tensor> tensors) {
  if (!backend_ || tensors.empty()) return {};
  return guarded("broadcasting", [&] {
    std::vector<at::Tensor> message{flattened(tensors)};
    backend_->gloo->broadcast(message)->wait();
    spread(message[0], tensors);
  });
}

Result<void> ProcessGroup::barrier() {
  if (!backend_) return {};
  return guarded("the barrier", [&] { backend_->gloo->barrier()->wait(); });
}

}  // namespace liquid::train
