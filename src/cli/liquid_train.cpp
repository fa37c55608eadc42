#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "cli/exit_status.h"
#include "cli/help_format.h"
#include "cli/train_commands.h"
#include "cli/train_flags.h"
#include "cli/train_run.h"

// The trainer's program, which `liquid train …` starts: it alone links LibTorch. Each sub-command
// has a file of its own; `train_run.cpp` wires a training.

namespace liquid::cli {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  liquid train --epochs 1 --batch-size 2 --lora\n"
    "  liquid train --model models/LFM2-350M --data data/ft --eval-share 0.05\n"
    "  liquid train --qlora --config run.toml --output-dir outputs/support\n"
    "  liquid train --resume --output-dir outputs/support\n"
    "  liquid train --print-config > run.toml\n"
    "\n"
    "Every option can also be set in the file that --config names\n"
    "(learning-rate = 2e-4); the names of Hugging Face's and of the Python\n"
    "trainer's settings work in both. Flags count before the file.\n"
    "SIGINT and SIGTERM: the step is finished, a checkpoint written, exit status\n"
    "130 or 143; a second signal ends at once.\n"
    "\n"
    "liquid train COMMAND --help says more about each command.\n";

int report(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> left_over = app.remaining(true);
  if (error.get_exit_code() == 0 || left_over.empty()) {
    const int code = app.exit(error, std::cout, std::cerr);
    return code == 0 ? kSuccess : kBadUsage;
  }
  const std::string& word = left_over.front();
  std::cerr << "liquid train: '" << word << "' is not understood" << did_you_mean(word) << "\n"
            << "Run with --help for more information.\n";
  return kBadUsage;
}

int run(const std::vector<std::string>& arguments) {
  CLI::App app("Fine-tunes LFM2 models and records every run.", "liquid train");
  int status = kSuccess;
  TrainFlags flags;
  app.formatter(make_help_formatter());
  app.footer(kExamples);
  add_train_flags(app, flags);
  add_export_command(app, status);
  add_forward_command(app, status);
  add_inspect_command(app, status);
  add_new_model_command(app, status);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return report(app, error);
  }
  return app.get_subcommands().empty() ? run_train(flags) : status;
}

}  // namespace
}  // namespace liquid::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error of write(2), not our end
  std::signal(SIGXFSZ, SIG_IGN);  // so is a file over the limit of file sizes (ulimit -f)
  try {
    return liquid::cli::run(liquid::cli::with_dashes({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::cerr << "liquid train: " << error.what() << "\n";
    return liquid::cli::kFailure;
  }
}
