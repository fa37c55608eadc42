#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "lfm2/batch.h"

namespace liquid::lfm2 {

/// Whether a batch file said which tokens are labels.
enum class Labels { absent, given };

struct BatchFile {
  Batch batch;
  Labels labels = Labels::given;
};

/// `{"input_ids": [1, 5, 7], "labels": [-100, 5, 7], "seq_lens": [3]}`. Both lists may also be
/// lists of rows, which are put one behind the other. Without `seq_lens` each row is a document;
/// without `labels` nothing is trained. Errors: invalid_argument, which names the field and the
/// place.
Result<BatchFile> parse_batch(std::string_view json);
/// The same from a file, which errors name.
Result<BatchFile> read_batch(const std::filesystem::path& file);

}  // namespace liquid::lfm2
