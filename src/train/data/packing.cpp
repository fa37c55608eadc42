#include "train/data/packing.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <map>

#include "train/data/shuffle.h"

namespace liquid::train {
namespace {

using Lengths = std::span<const std::int32_t>;

std::int32_t length_of(Lengths lengths, std::int32_t sample) {
  return lengths[static_cast<std::size_t>(sample)];
}

// Best-fit decreasing: the longest sample first, each into the fullest micro-batch that still has
// room. At most 11/9 of the least possible number of them, plus one (Johnson 1973); O(n log n).
StepPlan best_fit(Lengths lengths, std::vector<std::int32_t> members, std::int32_t capacity) {
  std::stable_sort(members.begin(), members.end(), [lengths](std::int32_t a, std::int32_t b) {
    return length_of(lengths, a) > length_of(lengths, b);
  });
  StepPlan plan;
  std::multimap<std::int32_t, std::size_t> by_room;  // tokens still free → its place in the plan
  for (const std::int32_t sample : members) {
    const std::int32_t length = length_of(lengths, sample);
    std::size_t place = plan.size();
    std::int32_t room = capacity;
    const auto fitting = by_room.lower_bound(length);
    if (fitting != by_room.end()) {
      room = fitting->first;
      place = fitting->second;
      by_room.erase(fitting);
    } else {
      plan.emplace_back();
    }
    plan[place].push_back(sample);
    if (room > length) by_room.emplace(room - length, place);
  }
  return plan;
}

StepPlan in_rows(const std::vector<std::int32_t>& members, std::int32_t batch_size) {
  StepPlan plan;
  const auto size = static_cast<std::size_t>(batch_size);
  for (std::size_t at = 0; at < members.size(); at += size) {
    const auto begin = members.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end =
        members.begin() + static_cast<std::ptrdiff_t>(std::min(at + size, members.size()));
    plan.emplace_back(begin, end);
  }
  return plan;
}

}  // namespace

std::vector<std::int32_t> sample_lengths(const Dataset& dataset) {
  std::vector<std::int32_t> lengths;
  lengths.reserve(dataset.samples.size());
  for (const Sample& sample : dataset.samples) {
    lengths.push_back(static_cast<std::int32_t>(sample.ids.size()));
  }
  return lengths;
}

std::vector<StepPlan> plan_epoch(std::span<const std::int32_t> lengths, const EpochOptions& options,
                                 std::int64_t epoch) {
  assert(options.batch_size > 0 && options.accumulation > 0 && options.max_positions > 0);
  const std::vector<std::int32_t> order =
      shuffled_order(lengths.size(), options.seed, static_cast<std::uint64_t>(epoch));
  const auto step_size =
      static_cast<std::size_t>(options.batch_size) * static_cast<std::size_t>(options.accumulation);
  std::vector<StepPlan> plan;
  plan.reserve((order.size() + step_size - 1) / step_size);
  for (std::size_t at = 0; at < order.size(); at += step_size) {
    const std::size_t end = std::min(at + step_size, order.size());
    std::vector<std::int32_t> members(order.begin() + static_cast<std::ptrdiff_t>(at),
                                      order.begin() + static_cast<std::ptrdiff_t>(end));
    plan.push_back(options.packing == Packing::best_fit
                       ? best_fit(lengths, std::move(members), options.max_positions)
                       : in_rows(members, options.batch_size));
  }
  return plan;
}

std::vector<StepPlan> plan_epoch(const Dataset& dataset, const EpochOptions& options,
                                 std::int64_t epoch) {
  return plan_epoch(sample_lengths(dataset), options, epoch);
}

StepPlan plan_evaluation(const Dataset& dataset, std::int32_t max_positions) {
  assert(max_positions > 0);
  const std::vector<std::int32_t> lengths = sample_lengths(dataset);
  std::vector<std::int32_t> all(lengths.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int32_t>(i);
  return best_fit(lengths, std::move(all), max_positions);
}

lfm2::Batch make_batch(const Dataset& dataset, const MicroBatch& members) {
  lfm2::Batch batch;
  for (const std::int32_t index : members) {
    assert(index >= 0 && static_cast<std::size_t>(index) < dataset.samples.size());
    const Sample& sample = dataset.samples[static_cast<std::size_t>(index)];
    batch.input_ids.insert(batch.input_ids.end(), sample.ids.begin(), sample.ids.end());
    batch.labels.insert(batch.labels.end(), sample.labels.begin(), sample.labels.end());
    batch.seq_lens.push_back(static_cast<std::int32_t>(sample.ids.size()));
  }
  return batch;
}

}  // namespace liquid::train
