#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lfm2/adapter.h"
#include "lfm2/config.h"
#include "lfm2/layout.h"
#include "lfm2/targets.h"
#include "train/callback.h"
#include "train/data/profile.h"
#include "train/settings.h"

namespace liquid::train {

/// A data set that is used, and where it came from.
struct DatasetUse {
  std::string source;                        ///< as the user named it
  std::vector<std::filesystem::path> files;  ///< what was read
  DatasetProfile profile;
};

/// What the run computes on and with.
struct MachineReport {
  std::string device;       ///< "cpu", "cuda:0"
  std::string number_type;  ///< "fp32", "bf16"
  std::string storage;      ///< of the frozen weights: "fp32", "bf16", "nf4"
  std::string choice;       ///< the sentence that says why
  std::int64_t threads = 1;
  double peak_flops = 0;  ///< measured of products in that number type; 0: not measured
};

/// Everything that is known before the first step. A value; it does not change during the run.
struct RunPlan {
  std::filesystem::path model_folder;
  std::filesystem::path output_dir;
  Settings settings;
  lfm2::Lfm2Config model;
  lfm2::ParameterCount parameters;
  std::uint64_t trained_parameters = 0;
  std::optional<lfm2::LoraSettings> lora;    ///< absent with --full
  std::vector<std::string> peft_targets;     ///< as adapter_config.json names them
  std::optional<lfm2::TargetTable> targets;  ///< absent with --full
  DatasetUse train;
  std::optional<DatasetUse> eval;
  MachineReport machine;
  std::string model_digest;      ///< of configuration and weights
  std::string tokenizer_digest;  ///< Tokenizer::digest
  std::int64_t steps_per_epoch = 0;
  std::int64_t total_steps = 0;
  std::int64_t warmup_steps = 0;
  std::int64_t first_step = 0;         ///< steps made before, by the run that is resumed
  std::filesystem::path resumed_from;  ///< a checkpoint; empty: a new run
  Notes notes;                         ///< of that checkpoint
};

/// Long lists (targets, files) are given as one line each.
using NamedTexts = std::vector<std::pair<std::string, std::string>>;
/// What tracking logs as parameters and what a checkpoint's settings file says: the names that the
/// flags have, with `_`, in the order of the help text.
NamedTexts describe(const Settings& settings);

}  // namespace liquid::train
