#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "cli/exit_status.h"
#include "cli/train_commands.h"
#include "formats/peft_adapter.h"
#include "tokenizer/tokenizer.h"
#include "train/export.h"

// liquid train export (--adapter FOLDER | --model FOLDER) [--merged FOLDER] [--gguf FILE]
// [--gguf-adapter FILE]

namespace liquid::cli {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  liquid train export --adapter outputs/liquid-ft/final_model --merged served\n"
    "  liquid train export --adapter outputs/liquid-ft/final_model \\\n"
    "      --gguf served.gguf --gguf-type q8_0\n"
    "  liquid train export --model models/LFM2-350M --gguf LFM2-350M-f16.gguf\n"
    "\n"
    "Each export is opened again and answers a short text; how far it is from the\n"
    "original is printed, and an export that answers something else is an error.\n";

struct ExportFlags {
  std::string model;
  std::string adapter;
  std::string merged;
  std::string gguf;
  std::string gguf_type = "f16";
  std::string gguf_adapter;
  std::string probe;
};

Result<formats::GgufTensorType> gguf_type(const std::string& name) {
  if (name == "f32") return formats::GgufTensorType::f32;
  if (name == "f16") return formats::GgufTensorType::f16;
  if (name == "bf16") return formats::GgufTensorType::bf16;
  if (name == "q8_0") return formats::GgufTensorType::q8_0;
  return Error{ErrorCode::invalid_argument,
               "gguf-type '" + name + "', expected f32, f16, bf16 or q8_0"};
}

Result<train::ExportRequest> request_of(const ExportFlags& flags) {
  const auto refused = [](std::string message) {
    return Error{ErrorCode::invalid_argument, std::move(message)};
  };
  if (flags.merged.empty() && flags.gguf.empty() && flags.gguf_adapter.empty()) {
    return refused("nothing to make: expected --merged, --gguf or --gguf-adapter");
  }
  const auto type = gguf_type(flags.gguf_type);
  if (!type) return type.error();
  std::string model = flags.model;
  if (model.empty() && !flags.adapter.empty()) {
    const auto config = formats::read_peft_config(flags.adapter);
    if (!config) return config.error();
    model = config->base_model_name_or_path;
  }
  if (model.empty()) return refused("expected --adapter FOLDER or --model FOLDER");
  return train::ExportRequest{.model = model,
                              .adapter = flags.adapter,
                              .merged = flags.merged,
                              .gguf = flags.gguf,
                              .gguf_type = *type,
                              .gguf_adapter = flags.gguf_adapter};
}

int run(const ExportFlags& flags) {
  const auto request = request_of(flags);
  if (!request) return bad_usage(request.error());
  const auto tokens = tokenizer::Tokenizer::open(request->model);
  if (!tokens) return failure(tokens.error());
  const auto checks = train::export_model(*request, train::probe_of(*tokens, flags.probe));
  if (!checks) return failure(checks.error());
  for (const train::ExportCheck& check : *checks) std::cout << train::to_text(check) << "\n";
  return kSuccess;
}

}  // namespace

void add_export_command(CLI::App& app, int& status) {
  const auto flags = std::make_shared<ExportFlags>();
  CLI::App* command =
      app.add_subcommand("export", "Merge an adapter, write GGUF files; each is checked");
  command->footer(kExamples);
  command->add_option("--adapter", flags->adapter, "What training left: a PEFT adapter")
      ->type_name("FOLDER");
  command
      ->add_option("--model", flags->model,
                   "The model; with --adapter its base, unless adapter_config.json names it")
      ->type_name("FOLDER");
  command->add_option("--merged", flags->merged, "Make safetensors that need no adapter")
      ->type_name("FOLDER");
  command->add_option("--gguf", flags->gguf, "Make the (merged) model as GGUF")->type_name("FILE");
  command->add_option("--gguf-type", flags->gguf_type, "Of its matrices: f32, f16, bf16, q8_0")
      ->capture_default_str()
      ->type_name("TYPE");
  command->add_option("--gguf-adapter", flags->gguf_adapter, "Make the adapter alone as GGUF LoRA")
      ->type_name("FILE");
  command->add_option("--probe", flags->probe, "The text to compare answers on")->type_name("TEXT");
  command->callback([flags, &status] { status = run(*flags); });
}

}  // namespace liquid::cli
