#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace at {
class Tensor;
}

namespace liquid::train {

/// The processes of one training job, as torchrun describes them in the environment.
struct GroupPlace {
  int rank = 0;        ///< RANK, from 0
  int size = 1;        ///< WORLD_SIZE
  int local_rank = 0;  ///< LOCAL_RANK: the number of this process on its machine, so of its GPU
  std::string master_address = "127.0.0.1";  ///< MASTER_ADDR
  std::uint16_t master_port = 29500;         ///< MASTER_PORT

  bool operator==(const GroupPlace&) const = default;
};

/// Reads RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT; one process when WORLD_SIZE is
/// not set. Errors: invalid_argument, which names the variable, its value and what was expected.
Result<GroupPlace> group_place_from_environment();

/// Sums over the processes of a job (gloo, over TCP). Every process makes the same calls in the
/// same order. In a job of one process all calls do nothing. A resource; used from one thread.
class ProcessGroup {
 public:
  /// Waits until all processes are there. Errors: unavailable (not all came, or the port is taken).
  static Result<std::unique_ptr<ProcessGroup>> join(
      const GroupPlace& place, std::chrono::seconds patience = std::chrono::minutes(5));
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  int rank() const { return place_.rank; }
  int size() const { return place_.size; }
  /// True in the one process that logs, saves and prints.
  bool leads() const { return place_.rank == 0; }

  /// Replaces each tensor by its sum over all processes; the sum's order is the same in each, so
  /// all hold the same bits afterwards. Errors: unavailable (a process went away).
  Result<void> sum(std::span<at::Tensor> tensors);
  /// The same for plain numbers.
  Result<void> sum(std::span<double> numbers);
  /// Gives every process the tensors of rank 0.
  Result<void> broadcast(std::span<at::Tensor> tensors);
  Result<void> barrier();

 private:
  struct Backend;
  ProcessGroup(GroupPlace place, std::unique_ptr<Backend> backend);

  GroupPlace place_;
  std::unique_ptr<Backend> backend_;  ///< null in a job of one process
};

}  // namespace liquid::train
