#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/exit_status.h"

// `liquid train …` becomes `liquid-train …`, a program of its own, because only it needs LibTorch.

namespace liquid::cli {
namespace {

namespace fs = std::filesystem;

int become_trainer(const std::vector<std::string>& arguments) {
  std::error_code failed;
  const fs::path self = fs::read_symlink("/proc/self/exe", failed);
  const std::string program = (self.parent_path() / "liquid-train").string();
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  const std::string reason =
      errno == ENOENT
          ? "there is no such program: this liquid was built without the trainer, which "
            "needs LibTorch (tools/setup.sh torch, then build again)"
          : std::strerror(errno);
  return failure({ErrorCode::unavailable, "train: " + program + ": " + reason});
}

}  // namespace

void add_train_command(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("train", "Fine-tune LFM2 models (liquid-train)");
  command->set_help_flag();  // its own --help is shown
  command->prefix_command();
  command->callback([command, &status] { status = become_trainer(command->remaining()); });
}

}  // namespace liquid::cli
