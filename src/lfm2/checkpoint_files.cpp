#include "lfm2/checkpoint_files.h"

#include <algorithm>
#include <map>
#include <utility>

#include "formats/numbers.h"
#include "lfm2/layout.h"
#include "lfm2/targets.h"

namespace liquid::lfm2 {
namespace {

/// Values in memory at a time.
constexpr std::size_t kPiece = 1 << 18;

Result<void> check_pairs(const std::vector<formats::LoraPair>& pairs, const Lfm2Config& model) {
  std::map<std::string, TargetModule> modules;
  for (TargetModule& module : linear_modules(model)) modules.emplace(module.path, module);
  for (const formats::LoraPair& pair : pairs) {
    const auto found = modules.find(pair.module);
    if (found == modules.end()) {
      return Error{ErrorCode::data_corrupt, "the adapter changes '" + pair.module +
                                                "', which is no linear module of the model"};
    }
    const TargetModule& module = found->second;
    if (pair.in() == static_cast<std::uint64_t>(module.in) &&
        pair.out() == static_cast<std::uint64_t>(module.out)) {
      continue;
    }
    return Error{ErrorCode::data_corrupt,
                 "the adapter of '" + pair.module + "' is made for " + std::to_string(pair.in()) +
                     " x " + std::to_string(pair.out()) + ", the module is " +
                     std::to_string(module.in) + " x " + std::to_string(module.out)};
  }
  return {};
}

Error in_tensor(Error error, const formats::TensorFolder& folder, const std::string& tensor) {
  return std::move(error).with_context(folder.folder().string() + ": tensor '" + tensor + "'");
}

}  // namespace

Result<ModelFiles> open_model_files(const std::filesystem::path& folder) {
  Result<Lfm2Config> config = read_config(folder);
  if (!config) return std::move(config).error();
  Result<formats::TensorFolder> tensors = formats::TensorFolder::open(folder);
  if (!tensors) return std::move(tensors).error();
  Lfm2Config fitted = with_width_of(*std::move(config), tensors->tensors());
  if (Result<void> whole = check_tensors(fitted, tensors->tensors()); !whole) {
    return std::move(whole).error().with_context(folder.string());
  }
  return ModelFiles{std::move(fitted), *std::move(tensors)};
}

Result<AdapterFiles> open_adapter_files(const std::filesystem::path& folder,
                                        const Lfm2Config& model) {
  Result<formats::PeftAdapterConfig> config = formats::read_peft_config(folder);
  if (!config) return std::move(config).error();
  Result<formats::TensorFolder> tensors = formats::TensorFolder::open(folder, "adapter_model");
  if (!tensors) return std::move(tensors).error();
  Result<std::vector<formats::LoraPair>> pairs =
      formats::pair_lora_tensors(tensors->tensors(), *config);
  if (!pairs) return std::move(pairs).error().with_context(folder.string());
  if (Result<void> fit = check_pairs(*pairs, model); !fit) {
    return std::move(fit).error().with_context(folder.string());
  }
  return AdapterFiles{*std::move(config), *std::move(tensors), *std::move(pairs)};
}

Result<void> for_each_piece(const formats::TensorFolder& folder, const std::string& tensor,
                            const TakeValues& take) {
  const Result<formats::TensorView> view = folder.tensor(tensor);
  if (!view) return view.error();
  const std::string& dtype = view->entry->dtype;
  const std::size_t width = formats::dtype_bits(dtype).value_or(8) / 8;
  std::vector<float> values;
  std::span<const std::byte> rest = view->bytes;
  while (!rest.empty()) {
    const std::span<const std::byte> part = rest.first(std::min(rest.size(), kPiece * width));
    values.resize(part.size() / width);
    if (Result<void> widened = formats::widen_to_f32(dtype, part, values); !widened) {
      return in_tensor(std::move(widened).error(), folder, tensor);
    }
    if (Result<void> taken = take(values); !taken) return taken;
    rest = rest.subspan(part.size());
    folder.forget({view->entry, part});
  }
  return {};
}

Result<std::vector<float>> all_values(const formats::TensorFolder& folder,
                                      const std::string& tensor) {
  std::vector<float> all;
  Result<void> read = for_each_piece(folder, tensor, [&all](std::span<const float> piece) {
    all.insert(all.end(), piece.begin(), piece.end());
    return Result<void>();
  });
  if (!read) return std::move(read).error();
  return all;
}

}  // namespace liquid::lfm2
