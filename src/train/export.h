#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "formats/gguf.h"
#include "lfm2/batch.h"
#include "tokenizer/tokenizer.h"

namespace liquid::train {

/// What to make of a trained model. Empty paths are not made.
struct ExportRequest {
  std::filesystem::path model;    ///< folder of the base model, or of the whole one
  std::filesystem::path adapter;  ///< PEFT folder; empty: `model` is whole
  std::filesystem::path merged;   ///< folder: safetensors that need no adapter
  std::filesystem::path gguf;     ///< file: the merged model for llama.cpp
  formats::GgufTensorType gguf_type = formats::GgufTensorType::f16;
  std::filesystem::path gguf_adapter;  ///< file: the adapter alone for llama.cpp, F32
};

/// How an export, loaded again from its files, answers compared with what it was made from.
struct ExportCheck {
  std::string what;  ///< "merged", "gguf", "gguf_adapter"
  std::filesystem::path place;
  std::int64_t positions = 0;
  std::int64_t same_top = 0;  ///< positions whose likeliest token is the same
  double max_difference = 0;  ///< of the logits, absolute
  double mean_divergence =
      0;  ///< Kullback-Leibler divergence from the original's distribution, nats
};

/// "merged  outputs/merged: 128 of 128 likeliest tokens equal, logits differ by at most 1.2e-05
/// (…)".
std::string to_text(const ExportCheck& check);

/// Makes the exports and checks each on `probe` by opening it again. Errors: those of reading and
/// writing; data_corrupt when an export answers otherwise than its original by more than its number
/// type explains (the files stay, for inspection).
Result<std::vector<ExportCheck>> export_model(const ExportRequest& request,
                                              const lfm2::Batch& probe);

/// One document of at most `max_tokens` to compare models on: `text`, or an own one when it is
/// empty.
lfm2::Batch probe_of(const tokenizer::Tokenizer& tokenizer, std::string_view text,
                     std::size_t max_tokens = 256);

}  // namespace liquid::train
