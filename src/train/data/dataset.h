#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lfm2/batch.h"
#include "tokenizer/chat.h"
#include "tokenizer/tokenizer.h"

namespace liquid::train {

enum class RowFormat { detect, alpaca, sharegpt, messages, prompt_completion, text };
/// "auto", "alpaca", "sharegpt", "messages", "prompt-completion", "text".
std::string_view row_format_name(RowFormat format);
/// Nothing when no format has this name.
std::optional<RowFormat> row_format_named(std::string_view name);

/// Which tokens carry loss: those the assistant says (completion, in prompt/completion rows), or
/// all. Text rows are always trained whole.
enum class TrainOn { assistant, everything };
enum class OverLong { truncate, drop };

struct DatasetOptions {
  RowFormat format = RowFormat::detect;  ///< detect: by the keys of each file's first rows
  TrainOn train_on = TrainOn::assistant;
  OverLong over_long = OverLong::truncate;
  std::int32_t max_length = 2048;  ///< tokens of one sample
  double max_bad_rows = 0.01;      ///< share of rows; more is an error
  std::string system_prompt{};     ///< put in front of chats that have none; empty: none
  /// How chats are written. LFM2.5 tells the model the date beside a list of tools: pin `date`, or
  /// the samples (and their digest) change from day to day.
  tokenizer::RenderOptions render{};
  std::size_t threads = 0;  ///< that tokenize; 0: one for each processor
};

/// One rendered sample: ids and, for each, whether it carries loss.
struct Sample {
  std::vector<std::int32_t> ids;
  /// The id where it is trained, -100 elsewhere; always -100 on the first: nothing comes before it.
  std::vector<std::int32_t> labels;
  std::int64_t trained_tokens() const;
  bool operator==(const Sample&) const = default;
};

/// A row that could not be used, for the user to read.
struct BadRow {
  std::filesystem::path file;
  std::int64_t line = 0;  ///< where the row begins, from 1
  std::string reason;
  bool operator==(const BadRow&) const = default;
  /// `data/ft.jsonl:17: no field "output"`.
  std::string text() const;
};

/// rows = samples + bad + dropped + without_trained_tokens. A document counts as many rows as it
/// gave samples.
struct DatasetCounts {
  std::int64_t rows = 0;
  std::int64_t bad = 0;
  std::int64_t truncated = 0;  ///< among the samples
  std::int64_t dropped = 0;    ///< longer than max_length
  /// Left out: nothing in the row, or in what truncation left of it, is trained.
  std::int64_t without_trained_tokens = 0;
  std::int64_t tokens = 0;
  std::int64_t trained_tokens = 0;
  bool operator==(const DatasetCounts&) const = default;
};

struct Dataset {
  std::vector<Sample> samples;
  DatasetCounts counts;
  std::vector<BadRow> bad_rows;          ///< the first 100
  RowFormat format = RowFormat::detect;  ///< that most files have
  std::string digest;        ///< SHA-256 over rendered ids and masks in order, 64 hex characters
  std::string files_digest;  ///< SHA-256 over the raw files in order
  std::vector<std::filesystem::path> files;
  std::vector<std::filesystem::path> files_left_out;  ///< found, but of no kind that is read here
};

/// SHA-256 over ids and masks in order, 64 hex characters: `Dataset::digest`.
std::string samples_digest(std::span<const Sample> samples);

/// Reads a file, a folder (all files of known kinds below it, sorted) or a glob: JSON lines, a JSON
/// list, text (.txt, .md: cut at `max_length`), and gzip of those. The same files and options give
/// the same samples whatever the number of threads.
/// Errors: not_found, permission_denied, unavailable, unsupported (a kind of file that is not read;
/// says how to convert it), data_corrupt (damaged gzip, a list without its end), invalid_argument
/// (an option out of its range, no row in any known format, too many bad rows, nothing left to
/// train on; the message names the first ones with file, line and reason).
Result<Dataset> read_dataset(const std::string& path_or_glob, const tokenizer::Tokenizer& tokenizer,
                             const tokenizer::ChatTemplate& chat, const DatasetOptions& options);

/// The last `share` of the samples in an order decided by `seed`, taken out of `dataset`: at least
/// one when there are two, never all. Both parts keep the order of the file; counts and digests are
/// made anew.
Dataset take_held_out(Dataset& dataset, double share, std::uint64_t seed);

}  // namespace liquid::train
