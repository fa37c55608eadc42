#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "train/data/dataset.h"
#include "train/data/input_files.h"
#include "train/data/row_crew.h"
#include "train/data/row_reader.h"
#include "train/data/row_renderer.h"

namespace liquid::train {

/// Gathers the samples of one file after the other: rows come in blocks, are rendered by a crew of
/// threads, and go into the dataset in their order. One thread.
class DatasetReader {
 public:
  DatasetReader(const RowRenderer& renderer, const tokenizer::Tokenizer& tokenizer,
                const DatasetOptions& options);

  /// Errors as in `read_dataset`, but for too many bad rows.
  Result<void> read(const InputFile& file);
  /// What was gathered; digests are the caller's.
  Dataset take();

 private:
  Result<void> read_rows(const std::filesystem::path& file);
  Result<void> read_text(const std::filesystem::path& file);
  Result<RowFormat> format_of(const std::filesystem::path& file,
                              const std::vector<RawRow>& first_rows) const;
  void render_block(const std::filesystem::path& file, const std::vector<RawRow>& rows,
                    RowFormat format);
  void add(const std::filesystem::path& file, std::int64_t line, RenderedRow row);

  const RowRenderer& renderer_;
  const tokenizer::Tokenizer& tokenizer_;
  const DatasetOptions& options_;
  RowCrew crew_;
  Dataset dataset_;
  std::map<RowFormat, std::size_t> formats_;  // files in each
};

}  // namespace liquid::train
