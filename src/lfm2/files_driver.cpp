// For tests/integration/training: what the rooms formats and lfm2 do with files, as commands.
//
//   copy FOLDER STEM OUT DTYPE|keep MAX_SHARD_BYTES    tensors read and written again
//   gguf MODEL OUT TYPE                                 export_model_gguf
//   gguf-adapter ADAPTER BASE OUT TYPE                  export_adapter_gguf
//   gguf-copy IN OUT                                    keys and tensors read and written again
//   merge BASE ADAPTER OUT DTYPE|keep MAX_SHARD_BYTES   merge_adapter
//   peft IN OUT                                         adapter_config.json read and written again
//   scales ADAPTER MODULE...                            "rank scale" of each module
//   config MODEL                                        the width in use, then config.json anew
//   check MODEL                                         check_tensors
//   targets MODEL NAME...                               module paths, "--", PEFT's names
//   trainer-state IN OUT                                read and written again
//
// Errors go to standard error as "code: message"; exit status 1.

#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "formats/gguf.h"
#include "formats/numbers.h"
#include "formats/safetensors_reader.h"
#include "formats/safetensors_writer.h"
#include "formats/trainer_state.h"
#include "lfm2/checkpoint_files.h"
#include "lfm2/gguf_export.h"
#include "lfm2/merge.h"
#include "lfm2/targets.h"

namespace liquid::lfm2 {
namespace {

using Arguments = std::vector<std::string>;

std::optional<std::string> dtype_or_keep(const std::string& word) {
  if (word == "keep") return std::nullopt;
  return word;
}

formats::GgufTensorType gguf_type(const std::string& word) {
  if (word == "f32") return formats::GgufTensorType::f32;
  if (word == "bf16") return formats::GgufTensorType::bf16;
  if (word == "q8_0") return formats::GgufTensorType::q8_0;
  return formats::GgufTensorType::f16;
}

Result<void> copy_tensors(const Arguments& words) {
  Result<formats::TensorFolder> in = formats::TensorFolder::open(words[0], words[1]);
  if (!in) return std::move(in).error();
  const std::optional<std::string> dtype = dtype_or_keep(words[3]);
  std::vector<formats::TensorPlan> plans;
  for (const formats::TensorEntry& tensor : in->tensors()) {
    plans.push_back({tensor.name, dtype.value_or(tensor.dtype), tensor.shape});
  }
  Result<formats::TensorFolderWriter> out = formats::TensorFolderWriter::create(
      words[2], plans, {.stem = words[1], .max_shard_bytes = std::stoull(words[4])});
  if (!out) return std::move(out).error();
  for (const formats::TensorPlan& plan : plans) {
    const Result<formats::TensorView> view = in->tensor(plan.name);
    if (!view) return view.error();
    if (!dtype) {
      if (Result<void> done = out->write(plan.name, view->bytes); !done) return done;
      continue;
    }
    const auto put = [&](std::span<const float> values) -> Result<void> {
      std::vector<std::byte> bytes(values.size() * *formats::dtype_bits(plan.dtype) / 8);
      Result<void> done = formats::narrow_from_f32(values, plan.dtype, bytes);
      return done ? out->write(plan.name, bytes) : done;
    };
    if (Result<void> done = for_each_piece(*in, plan.name, put); !done) return done;
  }
  return out->finish();
}

Result<void> copy_gguf(const Arguments& words) {
  const Result<formats::GgufFile> in = formats::GgufFile::open(words[0]);
  if (!in) return in.error();
  std::vector<formats::GgufTensorPlan> plans;
  for (const formats::GgufTensor& tensor : in->tensors()) {
    plans.push_back({tensor.name, tensor.type, tensor.shape});
  }
  Result<formats::GgufWriter> out = formats::GgufWriter::create(words[1], in->metadata(), plans);
  if (!out) return std::move(out).error();
  for (const formats::GgufTensor& tensor : in->tensors()) {
    if (Result<void> done = out->write(tensor.name, in->bytes(tensor)); !done) return done;
  }
  return out->finish();
}

Result<void> copy_peft(const Arguments& words) {
  const Result<formats::PeftAdapterConfig> config = formats::read_peft_config(words[0]);
  if (!config) return config.error();
  return write_file_atomically(std::filesystem::path(words[1]) / "adapter_config.json",
                               formats::write_peft_config(*config));
}

Result<void> print_scales(const Arguments& words) {
  const Result<formats::PeftAdapterConfig> config = formats::read_peft_config(words[0]);
  if (!config) return config.error();
  for (std::size_t i = 1; i < words.size(); ++i) {
    std::printf("%u %.17g\n", config->rank_of(words[i]), config->scale_of(words[i]));
  }
  return {};
}

Result<void> print_config(const Arguments& words) {
  const Result<Lfm2Config> config = read_config(words[0]);
  if (!config) return config.error();
  std::printf("%lld\n%s", static_cast<long long>(config->feed_forward_size),
              to_json(*config).c_str());
  return {};
}

Result<void> check_model(const Arguments& words) {
  const Result<ModelFiles> model = open_model_files(words[0]);
  if (!model) return model.error();
  return {};
}

Result<void> print_targets(const Arguments& words) {
  const Result<Lfm2Config> config = read_config(words[0]);
  if (!config) return config.error();
  const Result<TargetSelection> selection = resolve_targets(*config, std::span(words).subspan(1));
  if (!selection) return selection.error();
  for (const TargetModule& module : selection->modules) std::printf("%s\n", module.path.c_str());
  std::printf("--\n");
  for (const std::string& name : selection->peft_names) std::printf("%s\n", name.c_str());
  return {};
}

Result<void> copy_trainer_state(const Arguments& words) {
  const Result<std::string> text = read_file(words[0]);
  if (!text) return text.error();
  const Result<formats::TrainerState> state = formats::parse_trainer_state(*text);
  if (!state) return state.error();
  return write_file_atomically(words[1], formats::write_trainer_state(*state));
}

struct Command {
  std::size_t least_arguments;
  std::function<Result<void>(const Arguments&)> run;
};

const std::map<std::string, Command>& commands() {
  static const std::map<std::string, Command> table{
      {"copy", {5, copy_tensors}},
      {"gguf",
       {3,
        [](const Arguments& words) {
          return export_model_gguf(words[0], words[1], {.type = gguf_type(words[2])});
        }}},
      {"gguf-adapter",
       {4,
        [](const Arguments& words) {
          return export_adapter_gguf(words[0], words[1], words[2], {.type = gguf_type(words[3])});
        }}},
      {"gguf-copy", {2, copy_gguf}},
      {"merge",
       {5,
        [](const Arguments& words) {
          return merge_adapter(words[0], words[1], words[2],
                               {dtype_or_keep(words[3]), std::stoull(words[4])});
        }}},
      {"peft", {2, copy_peft}},
      {"scales", {1, print_scales}},
      {"config", {1, print_config}},
      {"check", {1, check_model}},
      {"targets", {1, print_targets}},
      {"trainer-state", {2, copy_trainer_state}}};
  return table;
}

int run(int count, char** words) {
  const auto command = commands().find(count > 1 ? words[1] : "");
  const Arguments arguments(words + std::min(count, 2), words + count);
  if (command == commands().end() || arguments.size() < command->second.least_arguments) {
    std::fprintf(stderr, "see the head of files_driver.cpp\n");
    return 2;
  }
  const Result<void> done = command->second.run(arguments);
  if (done) return 0;
  std::fprintf(stderr, "%s: %s\n", error_code_name(done.error().code),
               done.error().message.c_str());
  return 1;
}

}  // namespace
}  // namespace liquid::lfm2

int main(int count, char** words) { return liquid::lfm2::run(count, words); }
