#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tokenizer/chat.h"
#include "tokenizer/tokenizer.h"
#include "train/data/dataset.h"
#include "train/run_plan.h"
#include "train/settings.h"

namespace liquid::train {

/// Lines for the user to read.
using Say = std::function<void(std::string_view line)>;

/// The folder of the model to train: `wanted`, or, when that is empty, kDefaultModel or the only
/// model below models/. Absolute. Errors: not_found, which says how to get a model.
Result<std::filesystem::path> find_model_folder(const std::string& wanted);

/// `wanted`, or kDefaultData. Errors: not_found, which says what belongs there.
Result<std::string> find_data(const std::string& wanted);

/// What a model is trained on, rendered for its tokenizer.
struct Materials {
  tokenizer::Tokenizer tokenizer;
  tokenizer::ChatTemplate chat;
  Dataset train;
  std::optional<Dataset> eval;  ///< a file of its own, or held out of `train`
  DatasetUse train_use;
  std::optional<DatasetUse> eval_use;
};

/// Errors: those of the tokenizer and the data; invalid_argument when nothing is left to train on.
Result<Materials> read_materials(const Settings& settings,
                                 const std::filesystem::path& model_folder, const Say& say);

}  // namespace liquid::train
