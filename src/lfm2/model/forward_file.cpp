#include "lfm2/model/forward_file.h"

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "formats/safetensors_writer.h"
#include "lfm2/model/batch_file.h"

namespace liquid::lfm2 {
namespace {

struct NamedTensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  at::Tensor values;  // float32, contiguous, in host memory
};

NamedTensor named(std::string name, const at::Tensor& tensor) {
  std::vector<std::uint64_t> shape;
  for (const std::int64_t size : tensor.sizes()) shape.push_back(static_cast<std::uint64_t>(size));
  return {std::move(name), std::move(shape), tensor.to(at::kCPU, at::kFloat).contiguous()};
}

Result<void> write_tensors(const std::filesystem::path& file,
                           const std::vector<NamedTensor>& tensors, std::optional<double> loss) {
  std::vector<formats::TensorPlan> plans;
  for (const NamedTensor& tensor : tensors) plans.push_back({tensor.name, "F32", tensor.shape});
  if (loss) plans.push_back({"loss", "F32", {}});
  auto writer = formats::SafetensorsWriter::create(file, std::move(plans));
  if (!writer) return std::move(writer).error();
  for (const NamedTensor& tensor : tensors) {
    const std::span values(tensor.values.const_data_ptr<float>(),
                           static_cast<std::size_t>(tensor.values.numel()));
    if (auto written = writer->write(tensor.name, std::as_bytes(values)); !written) return written;
  }
  if (loss) {
    const float value = static_cast<float>(*loss);
    if (auto written = writer->write("loss", std::as_bytes(std::span(&value, 1))); !written) {
      return written;
    }
  }
  return writer->finish();
}

Result<std::unique_ptr<Model>> open_model(const ForwardFile& request) {
  ModelOptions options = request.options;
  options.lora.reset();
  options.adapter_folder = request.adapter;
  options.trainable = Trainable::nothing;
  if (request.gradients == ForwardFile::Gradients::written) {
    options.trainable = request.adapter.empty() ? Trainable::everything : Trainable::adapter;
  }
  return Model::open(request.model, options);
}

// Dropout belongs to training; a gradient that is to be compared must not depend on a mask.
Result<Loss> loss_of(Model& model, const Batch& batch, ForwardFile::Gradients gradients) {
  const std::int64_t trained = batch.trained_tokens();
  if (gradients == ForwardFile::Gradients::left_out || trained == 0) return model.evaluate(batch);
  return model.accumulate(
      batch, {.scale = 1.0 / static_cast<double>(trained), .dropout = Accumulation::Dropout::off});
}

}  // namespace

Result<ForwardReport> forward_file(const ForwardFile& request) {
  auto input = read_batch(request.input);
  if (!input) return std::move(input).error();
  const bool labelled = input->labels == Labels::given;
  const bool gradients = request.gradients == ForwardFile::Gradients::written;
  if (gradients && !labelled) {
    return Error{ErrorCode::invalid_argument,
                 request.input.string() + ": labels is missing, and gradients need a loss"};
  }
  auto model = open_model(request);
  if (!model) return std::move(model).error();
  const Batch& batch = input->batch;
  auto outputs = (*model)->outputs(batch);
  if (!outputs) return std::move(outputs).error().with_context(request.input.string());

  ForwardReport report{.positions = static_cast<std::int64_t>(batch.input_ids.size())};
  if (labelled) {
    auto loss = loss_of(**model, batch, request.gradients);
    if (!loss) return std::move(loss).error();
    report.trained_tokens = loss->tokens;
    report.loss = loss->tokens > 0 ? loss->sum / static_cast<double>(loss->tokens)
                                   : std::numeric_limits<double>::quiet_NaN();
  }
  std::vector<NamedTensor> tensors{named("logits", outputs->logits)};
  for (const Parameter& parameter : (*model)->parameters()) {
    tensors.push_back(named(parameter.name, parameter.gradient));
  }
  for (std::size_t i = 0;
       request.hidden == ForwardFile::Hidden::written && i < outputs->hidden.size(); ++i) {
    const std::string number = std::to_string(i);
    tensors.push_back(
        named("hidden." + std::string(number.size() < 2 ? "0" : "") + number, outputs->hidden[i]));
  }
  report.tensors = tensors.size() + (report.loss ? 1 : 0);
  if (auto written = write_tensors(request.output, tensors, report.loss); !written) {
    return std::move(written).error();
  }
  return report;
}

}  // namespace liquid::lfm2
