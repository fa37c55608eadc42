#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tokenizer/chat.h"
#include "tokenizer/tokenizer.h"
#include "train/data/dataset.h"
#include "train/data/marked_text.h"
#include "train/data/packing.h"
#include "train/data/profile.h"

namespace liquid::train {

/// What training would need, as far as it is known: who knows model and machine fills it in. 0
/// means not known.
struct CostEstimate {
  std::string what{};                 ///< "LFM2-350M, LoRA r=16, fp32 on cpu"
  std::int64_t weight_bytes = 0;      ///< the model's weights as they are kept
  std::int64_t trained_bytes = 0;     ///< trained weights, their gradients and optimizer states
  std::int64_t activation_bytes = 0;  ///< of the largest micro-batch
  std::int64_t available_bytes = 0;   ///< memory of the device
  double positions_per_second = 0;    ///< tokens through the model, trained or not
};

struct InspectOptions {
  EpochOptions epoch{};
  double epochs = 1;
  std::int32_t max_length = 2048;
  std::size_t shown_samples = 3;
  std::optional<CostEstimate> cost{};
};

struct ShownSample {
  std::int64_t number = 0;  ///< among the samples, from 1
  std::int64_t tokens = 0;
  std::int64_t trained_tokens = 0;
  std::vector<TextRun> runs;
};

/// Everything `liquid train inspect` says, before it is laid out.
struct Inspection {
  DatasetProfile profile;
  std::vector<std::string> files;
  std::vector<std::string> files_left_out;
  std::vector<BadRow> bad_rows;
  std::vector<ShownSample> shown;
  InspectOptions options;
  std::int64_t steps_per_epoch = 0;
  std::int64_t micro_batches_per_epoch = 0;
  std::int64_t largest_micro_batch = 0;  ///< tokens
  std::optional<std::int64_t> memory_bytes;
  std::optional<double> seconds;      ///< of all epochs
  std::vector<std::string> warnings;  ///< whole sentences
};

/// Plans the first epoch, so the figures are those of a real one. Samples are shown from the
/// beginning, the middle and the end of the data.
Inspection inspect(const Dataset& dataset, const tokenizer::Tokenizer& tokenizer,
                   const tokenizer::ChatTemplate& chat, const InspectOptions& options);

struct InspectionStyle {
  std::size_t columns = 80;
  TrainedMark mark = TrainedMark::brackets;
};

/// For people: no line is longer than `columns` cells, but for names of files.
std::string inspection_text(const Inspection& inspection, const InspectionStyle& style = {});
/// For programs: one JSON object on one line.
std::string inspection_json(const Inspection& inspection);

}  // namespace liquid::train
