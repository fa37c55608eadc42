#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include "cli/exit_status.h"
#include "cli/train_commands.h"
#include "lfm2/model/forward_file.h"

// liquid train forward --model DIR [--adapter DIR] --input batch.json --output out.safetensors

namespace liquid::cli {
namespace {

constexpr const char* kExamples =
    "The input is JSON: {\"input_ids\": [1, 5, 7], \"labels\": [-100, 5, 7],\n"
    "\"seq_lens\": [3]}, documents one behind the other; labels and seq_lens may be\n"
    "left out. The output is a safetensors file in fp32: logits, loss, and what was\n"
    "asked for.\n"
    "\n"
    "Example:\n"
    "  liquid train forward --model models/LFM2-350M --adapter out/final_model \\\n"
    "      --input batch.json --grad --output out.safetensors\n";

struct ForwardFlags {
  lfm2::ForwardFile request;
  bool gradients = false;
  bool hidden = false;
  std::string number_type = "fp32";
};

int run(ForwardFlags& flags) {
  using Request = lfm2::ForwardFile;
  Request& request = flags.request;
  if (flags.gradients) request.gradients = Request::Gradients::written;
  if (flags.hidden) request.hidden = Request::Hidden::written;
  if (flags.number_type == "bf16") request.options.compute = lfm2::ComputeType::bf16;
  const auto done = lfm2::forward_file(request);
  if (!done) return failure(done.error());
  std::cout << request.output.string() << ": " << done->tensors << " tensors of " << done->positions
            << " positions";
  if (done->loss) {
    char loss[40];
    std::snprintf(loss, sizeof(loss), "%.9g", *done->loss);
    std::cout << ", loss " << loss << " over " << done->trained_tokens << " tokens";
  }
  std::cout << "\n";
  return kSuccess;
}

}  // namespace

void add_forward_command(CLI::App& app, int& status) {
  const auto flags = std::make_shared<ForwardFlags>();
  lfm2::ForwardFile& request = flags->request;
  CLI::App* command = app.add_subcommand("forward", "Run one batch through a model");
  command->footer(kExamples);
  command->add_option("--model", request.model, "Folder of the model")
      ->type_name("DIR")
      ->required();
  command->add_option("--adapter", request.adapter, "Folder of a PEFT adapter")->type_name("DIR");
  command->add_option("--input", request.input, "The batch")->type_name("FILE")->required();
  command->add_option("--output", request.output, "Where the tensors go")
      ->type_name("FILE")
      ->required();
  command->add_flag("--grad", flags->gradients,
                    "The mean loss's gradient by the adapter, without one by all weights");
  command->add_flag("--hidden", flags->hidden, "The residual stream after each layer");
  command->add_option("--device", request.options.device, "cpu, cuda or cuda:N")
      ->type_name("DEVICE")
      ->capture_default_str();
  command->add_option("--number-type", flags->number_type, "fp32 or bf16")
      ->type_name("WORD")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
  command->callback([flags, &status] { status = run(*flags); });
}

}  // namespace liquid::cli
