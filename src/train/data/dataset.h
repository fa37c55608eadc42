#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "lfm2/batch.h"
#include "tokenizer/chat.h"
#include "tokenizer/tokenizer.h"

namespace liquid::train {

enum class RowFormat { detect, alpaca, sharegpt, messages, prompt_completion, text };
/// Which tokens carry loss: those the assistant says (completion, in prompt/completion rows), or all.
enum class TrainOn { assistant, everything };
enum class OverLong { truncate, drop };

struct DatasetOptions {
  RowFormat format = RowFormat::detect;
  TrainOn train_on = TrainOn::assistant;
  OverLong over_long = OverLong::truncate;
  std::int32_t max_length = 2048;     ///< tokens of one sample
  double max_bad_rows = 0.01;         ///< share of rows; more is an error
  std::string system_prompt;          ///< put in front of samples that have none; empty: none
};

/// One rendered sample: ids and, for each, whether it carries loss.
struct Sample {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> labels;  ///< the id where it is trained, -100 elsewhere
  std::int64_t trained_tokens() const;
};

/// A row that could not be used, for the user to read.
struct BadRow {
  std::filesystem::path file;
  std::int64_t line = 0;  ///< from 1; the row's number in a JSON array or Parquet file
  std::string reason;
};

struct DatasetCounts {
  std::int64_t rows = 0;
  std::int64_t bad = 0;
  std::int64_t truncated = 0;
  std::int64_t dropped = 0;
  std::int64_t without_trained_tokens = 0;
  std::int64_t tokens = 0;
  std::int64_t trained_tokens = 0;
};

struct Dataset {
  std::vector<Sample> samples;
  DatasetCounts counts;
  std::vector<BadRow> bad_rows;  ///< the first 100
  RowFormat format = RowFormat::detect;
  std::string digest;        ///< SHA-256 over rendered ids and masks in order, 64 hex characters
  std::string files_digest;  ///< SHA-256 over the raw files in order
  std::vector<std::filesystem::path> files;
};

/// Reads a file, a folder (all files of known kinds below it, sorted) or a glob.
/// Errors: not_found, invalid_argument (no row in any known format, too many bad rows; the message names
/// the first ones with file, line and reason).
Result<Dataset> read_dataset(const std::string& path_or_glob, const tokenizer::Tokenizer& tokenizer,
                             const tokenizer::ChatTemplate& chat, const DatasetOptions& options);

/// The last `share` of the samples in an order decided by `seed`, taken out of `dataset`.
Dataset take_held_out(Dataset& dataset, double share, std::uint64_t seed);

}  // namespace liquid::train
