#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace liquid::train {

/// Identity of a model folder: its configuration and every byte of its weights. Reads them all
/// (memory-mapped; the trainer needs them anyway). Errors name the file.
Result<std::string> model_digest(const std::filesystem::path& folder);

}  // namespace liquid::train
