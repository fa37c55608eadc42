#include "tracking/models/model_source.h"

#include <system_error>

#include "tracking/models/json_file.h"

namespace liquid::tracking {
namespace {

namespace fs = std::filesystem;

bool has(const fs::path& folder, const char* file) {
  std::error_code ignored;
  return fs::is_regular_file(folder / file, ignored);
}

Error refused(const fs::path& path, const std::string& what) {
  return Error{ErrorCode::invalid_argument, path.string() + ": " + what};
}

Result<fs::path> base_of(const ModelSource& source) {
  if (!source.base.empty()) {
    if (has(source.base, "config.json")) return source.base;
    return refused(source.base, "is no model (config.json is missing)");
  }
  const fs::path file = source.folder / "adapter_config.json";
  const auto config = read_json_object(file);
  if (!config) return config.error();
  const std::string named = text_at(*config, "base_model_name_or_path");
  if (!named.empty() && has(named, "config.json")) return fs::path(named);
  return refused(file, "the base model '" + named + "' is no folder here; name it with --base");
}

Result<ModelFolder> adapter_folder(const ModelSource& source) {
  Result<fs::path> base = base_of(source);
  if (!base) return std::move(base).error();
  std::error_code failed;
  const fs::path whole = fs::absolute(*base, failed);
  if (failed) return refused(*base, failed.message());
  ModelFolder model;
  model.adapter = source.folder;
  if (source.base_place == ModelSource::BasePlace::outside) {
    model.weights = LocalWeights{whole};
  } else {
    model.weights = OwnWeights{whole};
  }
  // PEFT keeps the tokenizer of the training beside the adapter.
  if (has(source.folder, "tokenizer.json")) model.tokenizer = source.folder;
  return model;
}

Result<ModelFolder> whole_folder(const ModelSource& source) {
  const bool outside = source.base_place == ModelSource::BasePlace::outside;
  if (!source.base.empty() || outside) {
    return refused(source.folder, "is a whole model, which has no base");
  }
  ModelFolder model;
  model.weights = OwnWeights{source.folder};
  return model;
}

}  // namespace

Result<ModelFolder> model_folder_of(const ModelSource& source) {
  const bool is_adapter = has(source.folder, "adapter_config.json");
  if (!is_adapter && !has(source.folder, "config.json")) {
    return refused(source.folder,
                   "is neither a model (config.json) nor an adapter (adapter_config.json)");
  }
  Result<ModelFolder> model = is_adapter ? adapter_folder(source) : whole_folder(source);
  if (model && !source.tokenizer.empty()) model->tokenizer = source.tokenizer;
  return model;
}

}  // namespace liquid::tracking
