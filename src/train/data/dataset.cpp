#include "train/data/dataset.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <utility>

#include "base/digest.h"
#include "lfm2/batch.h"
#include "train/data/dataset_reader.h"
#include "train/data/input_files.h"
#include "train/data/shuffle.h"

namespace liquid::train {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownBadRows = 10;
// Apart from the epochs, which count from 0.
constexpr std::uint64_t kHeldOutStream = ~std::uint64_t{0};

Error bad(std::string message) { return Error{ErrorCode::invalid_argument, std::move(message)}; }

constexpr std::array<std::pair<RowFormat, std::string_view>, 6> kFormatNames = {{
    {RowFormat::detect, "auto"},
    {RowFormat::alpaca, "alpaca"},
    {RowFormat::sharegpt, "sharegpt"},
    {RowFormat::messages, "messages"},
    {RowFormat::prompt_completion, "prompt-completion"},
    {RowFormat::text, "text"},
}};

Result<void> check_options(const DatasetOptions& options) {
  if (options.max_length < 2) {
    return bad("max_length is " + std::to_string(options.max_length) +
               ", expected at least 2 tokens");
  }
  if (!(options.max_bad_rows >= 0 && options.max_bad_rows <= 1)) {
    return bad("max_bad_rows is " + std::to_string(options.max_bad_rows) +
               ", expected a share between 0 and 1");
  }
  return {};
}

// SHA-256 of the files as they lie on the disk, one behind the other.
Result<std::string> digest_of_files(const std::vector<fs::path>& files) {
  Sha256Builder digest;
  std::vector<char> buffer(std::size_t{1} << 20);
  for (const fs::path& file : files) {
    std::ifstream stream(file, std::ios::binary);
    while (stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) ||
           stream.gcount() > 0) {
      digest.append({buffer.data(), static_cast<std::size_t>(stream.gcount())});
    }
    if (!stream.eof()) return Error{ErrorCode::unavailable, file.string() + ": cannot read"};
  }
  return digest.finish().hex();
}

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g %%", 100 * share);
  return text.data();
}

std::string counted_rows(std::int64_t count, std::int64_t rows) {
  return std::to_string(count) + " of " + std::to_string(rows) + (rows == 1 ? " row" : " rows");
}

std::string first_bad_rows(const Dataset& dataset) {
  std::string text;
  const std::size_t shown = std::min(dataset.bad_rows.size(), kShownBadRows);
  for (std::size_t i = 0; i < shown; ++i) text += "\n  " + dataset.bad_rows[i].text();
  const std::int64_t more = dataset.counts.bad - static_cast<std::int64_t>(shown);
  if (more > 0) text += "\n  … and " + std::to_string(more) + " more";
  return text;
}

Result<void> check_bad_rows(const Dataset& dataset, const std::string& asked,
                            const DatasetOptions& options) {
  const DatasetCounts& counts = dataset.counts;
  if (counts.bad == 0) return {};
  const double share = static_cast<double>(counts.bad) / static_cast<double>(counts.rows);
  if (share <= options.max_bad_rows) return {};
  return bad(asked + ": " + counted_rows(counts.bad, counts.rows) + " (" + percent(share) +
             ") cannot be used, more than the " + percent(options.max_bad_rows) +
             " that --max-bad-rows allows:" + first_bad_rows(dataset));
}

Result<void> check_not_empty(const Dataset& dataset, const std::string& asked,
                             const DatasetOptions& options) {
  const DatasetCounts& counts = dataset.counts;
  if (counts.rows == 0) return bad(asked + ": no rows");
  if (!dataset.samples.empty()) return {};
  std::string why;
  if (counts.bad > 0) why += ", " + std::to_string(counts.bad) + " cannot be used";
  if (counts.dropped > 0) {
    why += ", " + std::to_string(counts.dropped) + " longer than " +
           std::to_string(options.max_length) + " tokens were dropped";
  }
  if (counts.without_trained_tokens > 0) {
    why += ", " + std::to_string(counts.without_trained_tokens) +
           " have no trained token within the first " + std::to_string(options.max_length);
  }
  return bad(asked + ": nothing left to train on: of " + std::to_string(counts.rows) +
             (counts.rows == 1 ? " row" : " rows") + why + first_bad_rows(dataset));
}

void recount(Dataset& dataset) {
  dataset.counts.tokens = 0;
  dataset.counts.trained_tokens = 0;
  for (const Sample& sample : dataset.samples) {
    dataset.counts.tokens += static_cast<std::int64_t>(sample.ids.size());
    dataset.counts.trained_tokens += sample.trained_tokens();
  }
  dataset.digest = samples_digest(dataset.samples);
}

}  // namespace

std::string_view row_format_name(RowFormat format) {
  const auto* const found = std::find_if(kFormatNames.begin(), kFormatNames.end(),
                                         [&](const auto& one) { return one.first == format; });
  return found->second;
}

std::optional<RowFormat> row_format_named(std::string_view name) {
  const auto* const found = std::find_if(kFormatNames.begin(), kFormatNames.end(),
                                         [&](const auto& one) { return one.second == name; });
  if (found == kFormatNames.end()) return std::nullopt;
  return found->first;
}

std::int64_t Sample::trained_tokens() const {
  return static_cast<std::int64_t>(labels.size()) -
         std::count(labels.begin(), labels.end(), lfm2::kIgnoredLabel);
}

std::string BadRow::text() const {
  return file.string() + ":" + std::to_string(line) + ": " + reason;
}

std::string samples_digest(std::span<const Sample> samples) {
  DigestBuilder digest;
  digest.field("liquid samples 1").field(samples.size());
  std::string bytes;
  for (const Sample& sample : samples) {
    bytes.clear();
    for (std::size_t i = 0; i < sample.ids.size(); ++i) {
      const auto id = static_cast<std::uint32_t>(sample.ids[i]);
      for (unsigned shift = 0; shift < 32; shift += 8) {
        bytes += static_cast<char>((id >> shift) & 0xFFU);
      }
      bytes += sample.labels[i] == lfm2::kIgnoredLabel ? '\0' : '\1';
    }
    digest.field(bytes);
  }
  return digest.finish().hex();
}

Result<Dataset> read_dataset(const std::string& path_or_glob, const tokenizer::Tokenizer& tokenizer,
                             const tokenizer::ChatTemplate& chat, const DatasetOptions& options) {
  if (Result<void> checked = check_options(options); !checked) return std::move(checked).error();
  Result<InputFiles> files = list_input_files(path_or_glob);
  if (!files) return std::move(files).error();
  const RowRenderer renderer(tokenizer, chat, options);
  DatasetReader reader(renderer, tokenizer, options);
  for (const InputFile& file : files->used) {
    if (Result<void> read = reader.read(file); !read) return std::move(read).error();
  }
  Dataset dataset = reader.take();
  dataset.files_left_out = std::move(files->left_out);
  if (Result<void> few = check_bad_rows(dataset, path_or_glob, options); !few)
    return std::move(few).error();
  if (Result<void> some = check_not_empty(dataset, path_or_glob, options); !some)
    return std::move(some).error();
  Result<std::string> files_digest = digest_of_files(dataset.files);
  if (!files_digest) return std::move(files_digest).error();
  dataset.files_digest = std::move(*files_digest);
  dataset.digest = samples_digest(dataset.samples);
  return dataset;
}

Dataset take_held_out(Dataset& dataset, double share, std::uint64_t seed) {
  const std::size_t all = dataset.samples.size();
  std::size_t count = 0;
  if (share > 0 && all >= 2) {
    const double wanted = std::round(share * static_cast<double>(all));
    count = static_cast<std::size_t>(std::clamp(wanted, 1.0, static_cast<double>(all - 1)));
  }
  const std::vector<std::int32_t> order = shuffled_order(all, seed, kHeldOutStream);
  std::vector<std::uint8_t> is_held_out(all, 0);
  for (std::size_t i = all - count; i < all; ++i) {
    is_held_out[static_cast<std::size_t>(order[i])] = 1;
  }
  Dataset held_out;
  held_out.format = dataset.format;
  held_out.files = dataset.files;
  held_out.files_digest = dataset.files_digest;
  std::vector<Sample> kept;
  for (std::size_t i = 0; i < all; ++i) {
    (is_held_out[i] != 0 ? held_out.samples : kept).push_back(std::move(dataset.samples[i]));
  }
  dataset.samples = std::move(kept);
  dataset.counts.rows -= static_cast<std::int64_t>(count);
  held_out.counts.rows = static_cast<std::int64_t>(count);
  recount(dataset);
  recount(held_out);
  return held_out;
}

}  // namespace liquid::train
