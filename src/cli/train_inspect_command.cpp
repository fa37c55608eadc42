#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/exit_status.h"
#include "cli/terminal.h"
#include "cli/train_commands.h"
#include "cli/train_flags.h"
#include "kernels/team.h"
#include "train/cost.h"
#include "train/data/inspect.h"
#include "train/machine_choice.h"
#include "train/materials.h"
#include "train/planning.h"

// liquid train inspect: what a training with these settings would see, and what it would cost

namespace liquid::cli {
namespace {

struct InspectFlags {
  TrainFlags train;
  std::size_t samples = 3;
  bool json = false;
};

Result<train::Inspection> look(const train::Settings& settings, std::size_t samples) {
  const auto model = train::plan_model(settings);
  if (!model) return model.error();
  const auto quiet = [](std::string_view) {};
  const auto materials = train::read_materials(settings, model->folder, quiet);
  if (!materials) return materials.error();
  kernels::TeamOptions team_options;
  const auto threads = static_cast<int>(settings.machine.threads);
  if (threads > 0) team_options.threads = threads;
  kernels::Team team(team_options);
  const auto machine = train::choose_machine(settings, model->config, team, 0);
  if (!machine) return machine.error();
  train::InspectOptions options;
  options.epoch = train::epoch_options(settings);
  options.epochs = settings.loop.epochs;
  options.max_length = static_cast<std::int32_t>(settings.data.max_length);
  options.shown_samples = samples;
  options.cost = train::estimate_cost(settings, *model, *machine, materials->train);
  return train::inspect(materials->train, materials->tokenizer, materials->chat, options);
}

int run(const InspectFlags& flags) {
  const auto settings = gather_train_settings(flags.train);
  if (!settings) return bad_usage(settings.error());
  const auto inspection = look(*settings, flags.samples);
  if (!inspection) return failure(inspection.error());
  if (flags.json) {
    std::cout << train::inspection_json(*inspection) << "\n";
    return kSuccess;
  }
  const auto columns = terminal_columns(STDOUT_FILENO);
  std::cout << train::inspection_text(
      *inspection, {.columns = columns.value_or(80),
                    .mark = columns ? train::TrainedMark::colour : train::TrainedMark::brackets});
  return kSuccess;
}

}  // namespace

void add_inspect_command(CLI::App& app, int& status) {
  const auto flags = std::make_shared<InspectFlags>();
  CLI::App* command =
      app.add_subcommand("inspect", "Show what would be trained on, and what it would cost");
  command->add_option("--samples", flags->samples, "Rendered samples shown")
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--json", flags->json, "One JSON object");
  add_train_flags(*command, flags->train);
  command->callback([flags, &status] { status = run(*flags); });
}

}  // namespace liquid::cli
