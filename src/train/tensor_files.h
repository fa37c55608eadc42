#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "lfm2/model/model.h"
#include "train/optimizer.h"
#include "train/run_plan.h"

namespace liquid::train {

/// What the trained tensors are written as.
enum class SavedAs {
  exact,     ///< fp32, what training goes on from
  released,  ///< an adapter in fp32, a whole model in the type of the model it was made from
};

/// Writes the trained tensors into a folder as other tools read them: adapter_config.json and
/// adapter_model.safetensors of PEFT, or config.json, model*.safetensors and what else a model
/// folder has. Errors name the file.
Result<void> write_trained(const std::filesystem::path& folder, const RunPlan& plan,
                           std::span<const lfm2::Parameter> parameters, SavedAs form);

/// Fills the parameters with what `write_trained(…, exact)` wrote. Errors: not_found and
/// data_corrupt, which name the file and the tensor.
Result<void> read_trained(const std::filesystem::path& folder,
                          std::span<lfm2::Parameter> parameters);

/// The optimizer's moments: `exp_avg.<name>` and `exp_avg_sq.<name>`, fp32; its steps in the
/// header's metadata.
Result<void> write_optimizer(const std::filesystem::path& file, const Optimizer& optimizer);
Result<void> read_optimizer(const std::filesystem::path& file, Optimizer& optimizer);

/// Copies the tokenizer's files, those that exist. Errors name the file.
Result<void> copy_tokenizer(const std::filesystem::path& model_folder,
                            const std::filesystem::path& folder);

}  // namespace liquid::train
