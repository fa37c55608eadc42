#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lfm2/batch.h"
#include "train/data/dataset.h"

namespace liquid::train {

enum class Packing { best_fit, none };

/// An optimizer step always takes `batch_size` x `accumulation` samples; packing decides only how
/// they are laid into micro-batches, so it changes speed and memory, never what is learned. Nothing
/// is ever padded.
struct EpochOptions {
  Packing packing = Packing::best_fit;
  /// best_fit: tokens of one micro-batch; a longer sample is alone in one.
  std::int32_t max_positions = 2048;
  std::int32_t batch_size = 4;  ///< none: samples of one micro-batch
  std::int32_t accumulation = 4;
  std::uint64_t seed = 42;
};

/// Which samples one micro-batch holds, in order.
using MicroBatch = std::vector<std::int32_t>;
/// The micro-batches of one optimizer step.
using StepPlan = std::vector<MicroBatch>;

/// The order of one epoch: samples are shuffled by (seed, epoch), cut into steps (the last may be
/// smaller), and each step's samples packed by best-fit decreasing. The same arguments give the
/// same plan on every machine; every sample is in it once. Sizes in `options` are at least 1.
/// O(n log n).
std::vector<StepPlan> plan_epoch(const Dataset& dataset, const EpochOptions& options,
                                 std::int64_t epoch);
/// The same from the samples' lengths alone.
std::vector<StepPlan> plan_epoch(std::span<const std::int32_t> lengths, const EpochOptions& options,
                                 std::int64_t epoch);
std::vector<std::int32_t> sample_lengths(const Dataset& dataset);

/// All samples in as few micro-batches as best-fit decreasing finds, not shuffled: for evaluation.
StepPlan plan_evaluation(const Dataset& dataset, std::int32_t max_positions);

/// The packed sequence of one micro-batch; nothing is padded.
lfm2::Batch make_batch(const Dataset& dataset, const MicroBatch& members);

}  // namespace liquid::train
