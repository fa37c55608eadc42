#include "lfm2/merge.h"

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "formats/numbers.h"
#include "formats/python_json.h"
#include "formats/safetensors_writer.h"
#include "lfm2/checkpoint_files.h"
#include "tokenizer/tokenizer.h"

namespace liquid::lfm2 {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct DtypeName {
  const char* file;   ///< as safetensors calls it
  const char* torch;  ///< as config.json does
};
constexpr DtypeName kDtypes[] = {{"F32", "float32"}, {"F16", "float16"}, {"BF16", "bfloat16"}};

/// Files besides weights and config.json that belong to a model.
constexpr std::string_view kOtherFiles[] = {"generation_config.json", "LICENSE", "vocab.json",
                                            "merges.txt"};

Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

/// scale · B·A of one module, row by row.
struct Delta {
  std::vector<float> a;  // (r, in)
  std::vector<float> b;  // (out, r)
  std::size_t rank = 0;
  std::size_t in = 0;
  float scale = 0.0F;
};

Result<Delta> read_delta(const AdapterFiles& adapter, const formats::LoraPair& pair) {
  Result<std::vector<float>> a = all_values(adapter.tensors, pair.a.name);
  if (!a) return std::move(a).error();
  Result<std::vector<float>> b = all_values(adapter.tensors, pair.b.name);
  if (!b) return std::move(b).error();
  return Delta{.a = *std::move(a),
               .b = *std::move(b),
               .rank = pair.rank(),
               .in = pair.in(),
               .scale = static_cast<float>(adapter.config.scale_of(pair.module))};
}

/// row += scale · B[number]·A
void add_row(const Delta& delta, std::size_t number, std::span<float> row,
             std::vector<float>& product) {
  product.assign(delta.in, 0.0F);
  for (std::size_t k = 0; k < delta.rank; ++k) {
    const float factor = delta.b[number * delta.rank + k];
    const float* line = delta.a.data() + k * delta.in;
    for (std::size_t j = 0; j < delta.in; ++j) product[j] += factor * line[j];
  }
  for (std::size_t j = 0; j < delta.in; ++j) row[j] += delta.scale * product[j];
}

/// Writes one tensor of the merged model; `delta` is null for those the adapter leaves alone.
class MergedTensor {
 public:
  MergedTensor(formats::TensorFolderWriter& writer, const formats::TensorPlan& plan,
               const Delta* delta)
      : writer_(writer), plan_(plan), delta_(delta) {}

  Result<void> take(std::span<const float> values) {
    if (delta_ == nullptr) return put(values);
    pending_.insert(pending_.end(), values.begin(), values.end());
    const std::size_t rows = pending_.size() / delta_->in;
    for (std::size_t i = 0; i < rows; ++i) {
      add_row(*delta_, next_row_++, std::span(pending_).subspan(i * delta_->in, delta_->in),
              product_);
    }
    const std::size_t done = rows * delta_->in;
    if (Result<void> written = put(std::span(pending_).first(done)); !written) return written;
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(done));
    return {};
  }

 private:
  Result<void> put(std::span<const float> values) {
    bytes_.resize(values.size() * formats::dtype_bits(plan_.dtype).value_or(32) / 8);
    if (Result<void> done = formats::narrow_from_f32(values, plan_.dtype, bytes_); !done) {
      return std::move(done).error().with_context("tensor '" + plan_.name + "'");
    }
    return writer_.write(plan_.name, bytes_);
  }

  formats::TensorFolderWriter& writer_;
  const formats::TensorPlan& plan_;
  const Delta* delta_;
  std::size_t next_row_ = 0;
  std::vector<float> pending_;  ///< values of a row that is not complete yet
  std::vector<float> product_;
  std::vector<std::byte> bytes_;
};

std::vector<formats::TensorPlan> plan_of(const ModelFiles& base, const MergeOptions& options) {
  std::vector<formats::TensorPlan> plans;
  for (const formats::TensorEntry& tensor : base.tensors.tensors()) {
    plans.push_back({tensor.name, options.dtype.value_or(tensor.dtype), tensor.shape});
  }
  return plans;
}

std::optional<std::string> torch_name(const std::string& dtype) {
  for (const DtypeName& known : kDtypes) {
    if (dtype == known.file) return known.torch;
  }
  return std::nullopt;
}

/// config.json as it is, with another dtype when the weights have one now.
Result<std::string> config_text(const fs::path& base_folder, const MergeOptions& options) {
  Result<std::string> text = read_file(base_folder / "config.json");
  if (!text || !options.dtype) return text;
  json::error_code problem;
  json::value root = json::parse(*text, problem);
  if (problem || !root.is_object()) {
    return Error{ErrorCode::data_corrupt, (base_folder / "config.json").string() + ": is no JSON"};
  }
  const std::string name = torch_name(*options.dtype).value_or("float32");
  json::object& object = root.get_object();
  if (object.contains("torch_dtype")) object["torch_dtype"] = name;
  object["dtype"] = name;
  return formats::python_json(json::serialize(root)) + "\n";
}

Result<void> copy_if_there(const fs::path& from, const fs::path& to) {
  std::error_code problem;
  if (!fs::exists(from, problem)) return {};
  const Result<std::string> content = read_file(from);
  if (!content) return content.error();
  return write_file_atomically(to, *content);
}

Result<void> check_folders(const fs::path& base, const fs::path& out, const MergeOptions& options) {
  if (options.dtype && !torch_name(*options.dtype)) {
    return invalid("dtype '" + *options.dtype + "' is none of F32, F16 and BF16");
  }
  std::error_code problem;
  fs::create_directories(out, problem);
  if (problem) {
    return Error{ErrorCode::unavailable, out.string() + ": cannot be made: " + problem.message()};
  }
  if (!fs::equivalent(base, out, problem)) return {};
  return invalid(out.string() + ": is the base model's own folder; merge into another one");
}

Result<void> write_merged(const ModelFiles& base, const AdapterFiles& adapter,
                          const std::vector<formats::TensorPlan>& plans,
                          formats::TensorFolderWriter& writer) {
  std::map<std::string, const formats::LoraPair*> pairs;
  for (const formats::LoraPair& pair : adapter.pairs) pairs[pair.module + ".weight"] = &pair;
  for (const formats::TensorPlan& tensor : plans) {
    std::optional<Delta> delta;
    if (const auto pair = pairs.find(tensor.name); pair != pairs.end()) {
      Result<Delta> read = read_delta(adapter, *pair->second);
      if (!read) return std::move(read).error();
      delta = *std::move(read);
    }
    MergedTensor merged(writer, tensor, delta ? &*delta : nullptr);
    Result<void> done =
        for_each_piece(base.tensors, tensor.name,
                       [&merged](std::span<const float> values) { return merged.take(values); });
    if (!done) return done;
  }
  return {};
}

}  // namespace

Result<void> copy_model_files(const fs::path& from, const fs::path& to) {
  std::vector<std::string_view> names(std::begin(kOtherFiles), std::end(kOtherFiles));
  names.insert(names.end(), tokenizer::kTokenizerFiles.begin(), tokenizer::kTokenizerFiles.end());
  for (const std::string_view name : names) {
    if (Result<void> copied = copy_if_there(from / name, to / name); !copied) return copied;
  }
  return {};
}

Result<void> merge_adapter(const fs::path& base_folder, const fs::path& adapter_folder,
                           const fs::path& out_folder, const MergeOptions& options) {
  const Result<ModelFiles> base = open_model_files(base_folder);
  if (!base) return base.error();
  const Result<AdapterFiles> adapter = open_adapter_files(adapter_folder, base->config);
  if (!adapter) return adapter.error();
  if (Result<void> fit = check_folders(base_folder, out_folder, options); !fit) return fit;
  const std::vector<formats::TensorPlan> plans = plan_of(*base, options);
  Result<formats::TensorFolderWriter> writer = formats::TensorFolderWriter::create(
      out_folder, plans, {.max_shard_bytes = options.max_shard_bytes});
  if (!writer) return std::move(writer).error();
  if (Result<void> done = write_merged(*base, *adapter, plans, *writer); !done) return done;
  if (Result<void> done = writer->finish(); !done) return done;
  if (Result<void> copied = copy_model_files(base_folder, out_folder); !copied) return copied;
  const Result<std::string> config = config_text(base_folder, options);
  if (!config) return config.error();
  return write_file_atomically(out_folder / "config.json", *config);
}

}  // namespace liquid::lfm2
