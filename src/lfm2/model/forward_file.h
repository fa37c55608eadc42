#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/result.h"
#include "lfm2/model/model.h"

namespace liquid::lfm2 {

/// What `liquid train forward` does: one batch through a model, everything it yields into a file.
struct ForwardFile {
  std::filesystem::path model;
  std::filesystem::path adapter;  ///< empty: none
  std::filesystem::path input;    ///< see batch_file.h
  std::filesystem::path output;
  /// Of the mean loss: by every tensor of the adapter, or by all weights when there is none.
  enum class Gradients { left_out, written } gradients = Gradients::left_out;
  enum class Hidden { left_out, written } hidden = Hidden::left_out;
  ModelOptions options{};  ///< device, number types; model, adapter and trainable are set here
};

struct ForwardReport {
  std::int64_t positions = 0;
  std::int64_t trained_tokens = 0;
  std::optional<double> loss{};  ///< mean over the trained tokens; none without labels
  std::size_t tensors = 0;       ///< written
};

/// Writes a safetensors file of float32: `logits` (tokens, vocabulary rows); `loss` (no dimensions)
/// when the batch has labels, not a number when none of them counts; each gradient under the name
/// of its tensor; `hidden.00` … (tokens, hidden size): the embedding, the residual stream after
/// each layer but the last, the final norm. Dropout is off. Errors: those of model, batch and
/// writer; invalid_argument when gradients are asked for and the batch has no labels.
Result<ForwardReport> forward_file(const ForwardFile& request);

}  // namespace liquid::lfm2
