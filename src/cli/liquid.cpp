#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "api/version.h"
#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/help_format.h"

// The program. Each command has a file of its own (…_command.cpp); `serve.cpp` builds and wires
// every object of the server and is the place to start reading.

namespace liquid::cli {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  liquid index add --index docs.index manual/ notes.md\n"
    "  liquid serve --index docs.index\n"
    "  liquid ask --index docs.index \"How do I reload the configuration?\"\n"
    "\n"
    "liquid COMMAND --help says more about each.\n";

// CLI11 reports help and version as errors too; those are successes, everything else is bad usage.
int report(const CLI::App& app, const CLI::ParseError& error) {
  // A misspelt command shows as a missing one, and the word itself as left over.
  const std::vector<std::string> left_over = app.remaining(true);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && !left_over.empty()) {
    std::cerr << "liquid: '" << left_over.front() << "' is not understood\n";
  }
  const int code = app.exit(error, std::cout, std::cerr);
  return code == 0 ? kSuccess : kBadUsage;
}

int run(int argc, char** argv) {
  CLI::App app(
      "Answers questions over your documents, never computes an answer twice, and "
      "fine-tunes the models that write them.",
      "liquid");
  int status = kSuccess;
  app.set_version_flag("--version", "liquid " + std::string(api::kVersion));
  app.formatter(make_help_formatter());
  app.footer(kExamples);
  add_index_command(app, status);
  add_serve_command(app, status);
  add_ask_command(app, status);
  add_cache_command(app, status);
  add_train_command(app, status);
  add_experiments_command(app, status);
  add_runs_command(app, status);
  add_metrics_command(app, status);
  add_artifacts_command(app, status);
  add_models_command(app, status);
  add_tracking_command(app, status);
  try {
    app.parse(argc, argv);
    // Asked for afterwards: then a misspelt command has been named already.
    if (app.get_subcommands().empty()) throw CLI::RequiredError("A command");
  } catch (const CLI::ParseError& error) {
    return report(app, error);
  }
  return status;
}

}  // namespace
}  // namespace liquid::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error of write(2), not our end
  std::signal(SIGXFSZ, SIG_IGN);  // so is a file over the limit of file sizes (ulimit -f)
  try {
    return liquid::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "liquid: " << error.what() << "\n";
    return liquid::cli::kFailure;
  }
}
