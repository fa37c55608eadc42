#include "train/export.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/log_softmax.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <system_error>
#include <utility>

#include "lfm2/gguf_export.h"
#include "lfm2/gguf_import.h"
#include "lfm2/merge.h"
#include "lfm2/model/model.h"

namespace liquid::train {
namespace {

namespace fs = std::filesystem;

/// Far above what rounding to 8 bits does (about 0.001) and far below what a wrong tensor does
/// (above 1).
constexpr double kMaxDivergence = 0.05;

constexpr std::string_view kProbeText =
    "A server keeps a connection open until the client has been silent for longer than its time "
    "limit; then it closes the connection and frees what it held. What was asked once and has not "
    "changed since need not be computed again: the answer is kept, with the time at which it was "
    "made, and is thrown away when one of the documents it was made from is replaced.\n\n"
    "for (int i = 0; i < 10; ++i) { total += price[i] * 1.19; }\n\n"
    "Der Zug fährt um 17:42 Uhr. 東京は日本の首都です。 12 345,67 €";

/// A folder that is gone when its owner is.
class ScratchFolder {
 public:
  static Result<ScratchFolder> beside(const fs::path& place) {
    fs::path folder = place;
    folder += ".check";
    std::error_code failed;
    fs::remove_all(folder, failed);
    fs::create_directories(folder, failed);
    if (!failed) return ScratchFolder(std::move(folder));
    return Error{ErrorCode::unavailable, folder.string() + ": " + failed.message()};
  }
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit ScratchFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

/// [positions, vocabulary]
Result<at::Tensor> logits_of(const fs::path& model, const fs::path& adapter,
                             const lfm2::Batch& probe) {
  lfm2::ModelOptions options;
  options.adapter_folder = adapter;
  auto opened = lfm2::Model::open(model, options);
  if (!opened) return std::move(opened).error();
  auto outputs = (*opened)->outputs(probe);
  if (!outputs) return std::move(outputs).error();
  return outputs->logits;
}

ExportCheck compare(const at::Tensor& original, const at::Tensor& exported) {
  ExportCheck check;
  check.positions = original.size(0);
  check.same_top = original.argmax(-1).eq(exported.argmax(-1)).sum().item<std::int64_t>();
  check.max_difference = original.sub(exported).abs().max().item<double>();
  const at::Tensor log_p = at::log_softmax(original, -1);
  const at::Tensor log_q = at::log_softmax(exported, -1);
  check.mean_divergence = log_p.exp().mul(log_p.sub(log_q)).sum(-1).mean().item<double>();
  return check;
}

/// Makes exports of one request and compares each.
class Exporter {
 public:
  Exporter(const ExportRequest& request, const lfm2::Batch& probe)
      : request_(request), probe_(probe) {}

  Result<std::vector<ExportCheck>> run() {
    auto original = logits_of(request_.model, request_.adapter, probe_);
    if (!original) return std::move(original).error();
    original_ = std::move(*original);
    Result<void> done;
    if (!request_.merged.empty()) done = merged();
    if (done && !request_.gguf.empty()) done = gguf();
    if (done && !request_.gguf_adapter.empty()) done = gguf_adapter();
    if (!done) return std::move(done).error();
    return std::move(checks_);
  }

 private:
  Result<void> merged() {
    auto done = lfm2::merge_adapter(request_.model, request_.adapter, request_.merged);
    if (!done) return done;
    return check("merged", request_.merged, request_.merged, {});
  }

  /// llama.cpp's file is made from weights merged in full precision, so that it is rounded once.
  Result<void> gguf() {
    auto scratch = ScratchFolder::beside(request_.gguf);
    if (!scratch) return std::move(scratch).error();
    fs::path whole = request_.model;
    if (!request_.adapter.empty()) {
      whole = scratch->path() / "merged";
      auto done = lfm2::merge_adapter(request_.model, request_.adapter, whole, {.dtype = "F32"});
      if (!done) return done;
    }
    lfm2::GgufExportOptions options;
    options.type = request_.gguf_type;
    options.name = request_.model.filename().string();
    if (auto done = lfm2::export_model_gguf(whole, request_.gguf, options); !done) return done;
    if (auto done = lfm2::import_model_gguf(request_.gguf, scratch->path()); !done) return done;
    return check("gguf", request_.gguf, scratch->path(), {});
  }

  Result<void> gguf_adapter() {
    auto scratch = ScratchFolder::beside(request_.gguf_adapter);
    if (!scratch) return std::move(scratch).error();
    lfm2::GgufExportOptions options;
    options.type = formats::GgufTensorType::f32;
    auto done =
        lfm2::export_adapter_gguf(request_.adapter, request_.model, request_.gguf_adapter, options);
    if (!done) return done;
    const auto config = lfm2::read_config(request_.model);
    if (!config) return config.error();
    done = lfm2::import_adapter_gguf(request_.gguf_adapter, *config, scratch->path());
    if (!done) return done;
    return check("gguf_adapter", request_.gguf_adapter, request_.model, scratch->path());
  }

  Result<void> check(const char* what, const fs::path& place, const fs::path& model,
                     const fs::path& adapter) {
    const auto logits = logits_of(model, adapter, probe_);
    if (!logits) return Error(logits.error()).with_context("checking " + place.string());
    ExportCheck made = compare(original_, *logits);
    made.what = what;
    made.place = place;
    const bool agrees = made.mean_divergence <= kMaxDivergence;  // false for NaN too
    checks_.push_back(made);
    if (agrees) return {};
    return Error{ErrorCode::data_corrupt,
                 to_text(made) + ": it does not answer as the model it was made from"};
  }

  const ExportRequest& request_;
  const lfm2::Batch& probe_;
  at::Tensor original_;
  std::vector<ExportCheck> checks_;
};

}  // namespace

std::string to_text(const ExportCheck& check) {
  std::array<char, 64> numbers{};
  std::snprintf(numbers.data(), numbers.size(), "%.2g, divergence %.2g", check.max_difference,
                check.mean_divergence);
  return check.what + " " + check.place.string() + ": " + std::to_string(check.same_top) + " of " +
         std::to_string(check.positions) + " likeliest tokens equal, logits differ by at most " +
         numbers.data();
}

Result<std::vector<ExportCheck>> export_model(const ExportRequest& request,
                                              const lfm2::Batch& probe) {
  if (request.adapter.empty() && !(request.merged.empty() && request.gguf_adapter.empty())) {
    return Error{ErrorCode::invalid_argument,
                 "adapter is empty: only an adapter can be merged or written as GGUF LoRA"};
  }
  return Exporter(request, probe).run();
}

lfm2::Batch probe_of(const tokenizer::Tokenizer& tokenizer, std::string_view text,
                     std::size_t max_tokens) {
  lfm2::Batch batch;
  batch.input_ids =
      tokenizer.encode(text.empty() ? kProbeText : text, tokenizer::SpecialTokens::add);
  batch.input_ids.resize(std::min(batch.input_ids.size(), max_tokens));
  batch.labels.assign(batch.input_ids.size(), lfm2::kIgnoredLabel);
  batch.seq_lens = {static_cast<std::int32_t>(batch.input_ids.size())};
  return batch;
}

}  // namespace liquid::train
