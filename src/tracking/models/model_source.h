#pragma once

#include <filesystem>

#include "base/result.h"
#include "tracking/models/model_folder.h"

namespace liquid::tracking {

/// What a training left, and how it is to be kept.
struct ModelSource {
  std::filesystem::path folder{};     ///< A whole model (config.json) or a LoRA adapter.
  std::filesystem::path base{};       ///< Of an adapter; empty: what adapter_config.json names.
  std::filesystem::path tokenizer{};  ///< Empty: `folder` when it holds one, else the base.
  enum class BasePlace { inside, outside } base_place = BasePlace::inside;  ///< See LocalWeights.
};

/// How `write_model_folder` is asked for it. Errors: invalid_argument (neither model nor adapter, a
/// base beside a whole model, an adapter whose base is no folder here), those of reading
/// adapter_config.json.
Result<ModelFolder> model_folder_of(const ModelSource& source);

}  // namespace liquid::tracking
