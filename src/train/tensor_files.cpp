#include "train/tensor_files.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <c10/core/ScalarType.h>

#include <charconv>
#include <cstring>

#include "base/file.h"
#include "formats/peft_adapter.h"
#include "formats/safetensors_reader.h"
#include "formats/safetensors_writer.h"
#include "tokenizer/tokenizer.h"

namespace liquid::train {
namespace {

namespace fs = std::filesystem;
using formats::TensorPlan;

constexpr const char* kAdapterStem = "adapter_model";
constexpr const char* kModelStem = "model";
constexpr const char* kMean = "exp_avg.";
constexpr const char* kSquare = "exp_avg_sq.";
constexpr const char* kSteps = "steps";

/// A number type by its names in the file and in torch.
struct FileType {
  const char* name;
  at::ScalarType type;
};

FileType file_type_of(const RunPlan& plan, SavedAs form) {
  if (form == SavedAs::released && !plan.lora) {
    if (plan.model.dtype == "bfloat16") return {"BF16", at::kBFloat16};
    if (plan.model.dtype == "float16") return {"F16", at::kHalf};
  }
  return {"F32", at::kFloat};
}

TensorPlan planned(const std::string& name, const at::Tensor& tensor, const char* dtype) {
  TensorPlan plan{name, dtype, {}};
  for (const std::int64_t size : tensor.sizes()) {
    plan.shape.push_back(static_cast<std::uint64_t>(size));
  }
  return plan;
}

at::Tensor on_host(const at::Tensor& tensor, at::ScalarType type) {
  return tensor.detach().to(at::kCPU, type).contiguous();
}

std::span<const std::byte> bytes_of(const at::Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()};
}

template <typename Writer>
Result<void> write_all(Writer& writer, std::span<const lfm2::Parameter> parameters,
                       at::ScalarType type) {
  for (const lfm2::Parameter& parameter : parameters) {
    const at::Tensor values = on_host(parameter.value, type);
    if (auto written = writer.write(parameter.name, bytes_of(values)); !written) return written;
  }
  return writer.finish();
}

Result<void> write_adapter(const fs::path& folder, const RunPlan& plan,
                           std::span<const lfm2::Parameter> parameters) {
  std::vector<TensorPlan> tensors;
  for (const lfm2::Parameter& each : parameters) {
    tensors.push_back(planned(each.name, each.value, "F32"));
  }
  auto writer = formats::SafetensorsWriter::create(
      folder / (std::string(kAdapterStem) + ".safetensors"), std::move(tensors));
  if (!writer) return std::move(writer).error();
  if (auto written = write_all(*writer, parameters, at::kFloat); !written) return written;
  const auto config =
      lfm2::peft_config_of(*plan.lora, plan.peft_targets, plan.model_folder.string());
  return write_file_atomically(folder / "adapter_config.json", formats::write_peft_config(config));
}

Result<void> copy_if_there(const fs::path& from, const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_regular_file(from, ignored)) return {};
  const auto text = read_file(from);
  if (!text) return text.error();
  return write_file_atomically(folder / from.filename(), *text);
}

Result<void> write_model(const fs::path& folder, const RunPlan& plan,
                         std::span<const lfm2::Parameter> parameters, const FileType& type) {
  std::vector<TensorPlan> tensors;
  for (const lfm2::Parameter& each : parameters) {
    tensors.push_back(planned(each.name, each.value, type.name));
  }
  auto writer = formats::TensorFolderWriter::create(folder, std::move(tensors));
  if (!writer) return std::move(writer).error();
  if (auto written = write_all(*writer, parameters, type.type); !written) return written;
  for (const char* name : {"config.json", "generation_config.json"}) {
    auto copied = copy_if_there(plan.model_folder / name, folder);
    if (!copied) return copied;
  }
  return copy_tokenizer(plan.model_folder, folder);
}

Error wrong_tensor(const fs::path& place, const std::string& name, const std::string& what) {
  return {ErrorCode::data_corrupt, place.string() + ": tensor '" + name + "' " + what};
}

// `folder` is a SafetensorsFile or a TensorFolder.
template <typename Folder>
Result<void> fill(at::Tensor& tensor, const Folder& folder, const fs::path& place,
                  const std::string& name) {
  const auto view = folder.tensor(name);
  if (!view) return view.error();
  if (view->entry->dtype != "F32") {
    return wrong_tensor(place, name, "is " + view->entry->dtype + "; expected F32");
  }
  at::Tensor values = at::empty(tensor.sizes(), at::kFloat);
  if (planned(name, tensor, "F32").shape != view->entry->shape ||
      view->bytes.size() != values.nbytes()) {
    return wrong_tensor(place, name, "has another shape than in the model");
  }
  std::memcpy(values.mutable_data_ptr(), view->bytes.data(), view->bytes.size());
  tensor.copy_(values);
  folder.forget(*view);
  return {};
}

}  // namespace

Result<void> write_trained(const fs::path& folder, const RunPlan& plan,
                           std::span<const lfm2::Parameter> parameters, SavedAs form) {
  const at::NoGradGuard no_graph;
  if (plan.lora) return write_adapter(folder, plan, parameters);
  return write_model(folder, plan, parameters, file_type_of(plan, form));
}

Result<void> read_trained(const fs::path& folder, std::span<lfm2::Parameter> parameters) {
  const at::NoGradGuard no_graph;
  std::error_code ignored;
  const bool adapter = fs::exists(folder / "adapter_config.json", ignored);
  const auto files = formats::TensorFolder::open(folder, adapter ? kAdapterStem : kModelStem);
  if (!files) return files.error();
  for (lfm2::Parameter& parameter : parameters) {
    auto filled = fill(parameter.value, *files, folder, parameter.name);
    if (!filled) return filled;
  }
  return {};
}

Result<void> write_optimizer(const fs::path& file, const Optimizer& optimizer) {
  const at::NoGradGuard no_graph;
  const auto parameters = optimizer.parameters();
  const auto moments = optimizer.moments();
  std::vector<TensorPlan> tensors;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    tensors.push_back(planned(kMean + parameters[i].name, moments[i].mean, "F32"));
    tensors.push_back(planned(kSquare + parameters[i].name, moments[i].square, "F32"));
  }
  formats::TensorMetadata metadata = formats::kTorchMetadata;
  metadata.emplace_back(kSteps, std::to_string(optimizer.steps()));
  auto writer = formats::SafetensorsWriter::create(file, std::move(tensors), metadata);
  if (!writer) return std::move(writer).error();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const at::Tensor mean = on_host(moments[i].mean, at::kFloat);
    const at::Tensor square = on_host(moments[i].square, at::kFloat);
    auto written = writer->write(kMean + parameters[i].name, bytes_of(mean));
    if (written) written = writer->write(kSquare + parameters[i].name, bytes_of(square));
    if (!written) return written;
  }
  return writer->finish();
}

Result<void> read_optimizer(const fs::path& file, Optimizer& optimizer) {
  const at::NoGradGuard no_graph;
  const auto saved = formats::SafetensorsFile::open(file);
  if (!saved) return saved.error();
  std::int64_t steps = -1;
  for (const auto& [key, value] : saved->metadata()) {
    if (key == kSteps) std::from_chars(value.data(), value.data() + value.size(), steps);
  }
  if (steps < 0) {
    return Error{ErrorCode::data_corrupt, file.string() + ": its header says no 'steps'"};
  }
  const auto parameters = optimizer.parameters();
  const auto moments = optimizer.moments();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    auto filled = fill(moments[i].mean, *saved, file, kMean + parameters[i].name);
    if (filled) filled = fill(moments[i].square, *saved, file, kSquare + parameters[i].name);
    if (!filled) return filled;
  }
  optimizer.resume_after(steps);
  return {};
}

Result<void> copy_tokenizer(const fs::path& model_folder, const fs::path& folder) {
  for (const std::string_view name : tokenizer::kTokenizerFiles) {
    auto copied = copy_if_there(model_folder / name, folder);
    if (!copied) return copied;
  }
  return {};
}

}  // namespace liquid::train
