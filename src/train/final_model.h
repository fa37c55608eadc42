#pragma once

#include <filesystem>
#include <span>

#include "base/result.h"
#include "lfm2/model/model.h"
#include "train/run_plan.h"

namespace liquid::train {

/// Writes `<output_dir>/final_model` whole or not at all: a PEFT adapter folder, or with --full a
/// model folder in the base model's number type, with the tokenizer's files either way. Returns the
/// folder. Errors name the file.
Result<std::filesystem::path> write_final_model(const RunPlan& plan,
                                                std::span<const lfm2::Parameter> parameters);

}  // namespace liquid::train
