#include "train/checkpoint.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "base/file.h"
#include "train/durable_folder.h"
#include "train/optimizer.h"
#include "train/setting_table.h"
#include "train/tensor_files.h"

// training.json = { "format": 1, "progress": progress.cpp, "notes": { name: text, … },
//                   "identity": [ [name, text], … ] }

namespace liquid::train {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kOptimizerFile = "optimizer.safetensors";
constexpr const char* kStateFile = "training.json";
constexpr const char* kHistoryFile = "trainer_state.json";
constexpr std::int64_t kFormat = 1;

// The settings that decide what a step does. Not here: the run's length and everything that only
// watches (tests hold the list against the table).
constexpr std::array<std::string_view, 31> kDecisive = {
    "lora",         "qlora",         "full",
    "lora_r",       "lora_alpha",    "lora_dropout",
    "rslora",       "lora_targets",  "double_quantization",
    "format",       "train_on",      "max_length",
    "over_long",    "system_prompt", "packing",
    "pack_length",  "batch_size",    "gradient_accumulation",
    "seed",         "learning_rate", "schedule",
    "warmup_steps", "warmup_ratio",  "min_lr_ratio",
    "decay_ratio",  "weight_decay",  "decay_on",
    "beta1",        "beta2",         "eps",
    "max_grad_norm"};

bool is_decisive(std::string_view name) {
  return std::find(kDecisive.begin(), kDecisive.end(), name) != kDecisive.end();
}

json::array pairs(const NamedTexts& texts) {
  json::array array;
  for (const auto& [name, value] : texts) array.push_back(json::array{name, value});
  return array;
}

std::string state_text(const Snapshot& snapshot) {
  boost::system::error_code ignored;
  json::object notes;
  for (const auto& [name, value] : snapshot.notes) notes[name] = value;
  const json::object object{{"format", kFormat},
                            {"progress", json::parse(write_progress(snapshot.progress), ignored)},
                            {"notes", std::move(notes)},
                            {"identity", pairs(identity_of(snapshot.plan))}};
  return json::serialize(object);
}

std::string history_text(const Snapshot& snapshot, const fs::path& output_dir) {
  const Progress& progress = snapshot.progress;
  const LoopSettings& loop = snapshot.plan.settings.loop;
  formats::TrainerState state;
  if (progress.best) {
    state.best_metric = progress.best->loss;
    state.best_global_step = progress.best->step;
    state.best_model_checkpoint =
        (output_dir / ("checkpoint-" + std::to_string(progress.best->step))).string();
  }
  const double into = snapshot.plan.steps_per_epoch > 0
                          ? static_cast<double>(progress.step_in_epoch) /
                                static_cast<double>(snapshot.plan.steps_per_epoch)
                          : 0.0;
  state.epoch = static_cast<double>(progress.epoch) + into;
  state.eval_steps = loop.eval_steps;
  state.global_step = progress.step;
  state.log_history = progress.history;
  state.logging_steps = loop.logging_steps;
  state.max_steps = snapshot.plan.total_steps;
  state.num_input_tokens_seen = progress.positions;
  state.num_train_epochs = static_cast<std::int64_t>(std::ceil(loop.epochs));
  state.save_steps = loop.save_steps;
  state.train_batch_size = loop.batch_size;
  return formats::write_trainer_state(state);
}

Result<void> fill_folder(const fs::path& folder, const fs::path& output_dir,
                         const Snapshot& snapshot) {
  auto done = write_trained(folder, snapshot.plan, snapshot.optimizer.parameters(), SavedAs::exact);
  if (done) done = write_optimizer(folder / kOptimizerFile, snapshot.optimizer);
  if (done) {
    done = write_file_atomically(folder / kHistoryFile, history_text(snapshot, output_dir));
  }
  if (done) done = write_file_atomically(folder / kStateFile, state_text(snapshot));
  if (done) {
    done = write_file_atomically(folder / "settings.toml", to_toml(snapshot.plan.settings));
  }
  return done;
}

Error corrupt(const fs::path& file, const std::string& what) {
  return {ErrorCode::data_corrupt, file.string() + ": " + what};
}

bool take_text(const json::value& value, std::string& out) {
  if (!value.is_string()) return false;
  out = std::string(value.get_string());
  return true;
}

Result<void> read_notes(const json::object& state, const fs::path& file, SavedRun& run) {
  const json::value* notes = state.if_contains("notes");
  const json::value* identity = state.if_contains("identity");
  if (notes == nullptr || !notes->is_object()) return corrupt(file, "field 'notes' is missing");
  if (identity == nullptr || !identity->is_array()) {
    return corrupt(file, "field 'identity' is missing");
  }
  for (const auto& member : notes->get_object()) {
    if (!take_text(member.value(), run.notes[std::string(member.key())])) {
      return corrupt(file, "a note is no text");
    }
  }
  for (const json::value& pair : identity->get_array()) {
    std::pair<std::string, std::string> entry;
    if (!pair.is_array() || pair.get_array().size() != 2 ||
        !take_text(pair.get_array()[0], entry.first) ||
        !take_text(pair.get_array()[1], entry.second)) {
      return corrupt(file, "field 'identity' is no list of pairs");
    }
    run.identity.push_back(std::move(entry));
  }
  return {};
}

}  // namespace

Result<fs::path> write_checkpoint(const fs::path& output_dir, const Snapshot& snapshot) {
  const fs::path place = output_dir / ("checkpoint-" + std::to_string(snapshot.progress.step));
  auto folder = DurableFolder::create(place);
  if (!folder) return std::move(folder).error();
  if (auto filled = fill_folder(folder->path(), output_dir, snapshot); !filled) {
    return std::move(filled).error();
  }
  if (auto there = folder->commit(); !there) return std::move(there).error();
  return place;
}

Result<SavedRun> read_checkpoint(const fs::path& folder) {
  const fs::path file = folder / kStateFile;
  const auto text = read_file(file);
  if (!text) return text.error();
  boost::system::error_code failure;
  const json::value state = json::parse(*text, failure);
  if (failure || !state.is_object()) return corrupt(file, "expected a JSON object");
  const json::object& object = state.get_object();
  const json::value* format = object.if_contains("format");
  if (format == nullptr || *format != kFormat) {
    return corrupt(file, "field 'format': expected " + std::to_string(kFormat));
  }
  SavedRun run;
  run.folder = folder;
  const json::value* progress = object.if_contains("progress");
  auto parsed = parse_progress(progress == nullptr ? "" : json::serialize(*progress));
  if (!parsed) return std::move(parsed).error().with_context(file.string() + ": progress");
  run.progress = std::move(*parsed);
  if (auto read = read_notes(object, file, run); !read) return std::move(read).error();
  return run;
}

Result<void> restore_tensors(const fs::path& folder, Optimizer& optimizer) {
  if (auto read = read_trained(folder, optimizer.parameters()); !read) return read;
  return read_optimizer(folder / kOptimizerFile, optimizer);
}

NamedTexts identity_of(const RunPlan& plan) {
  NamedTexts identity{{"model", plan.model_digest},
                      {"tokenizer", plan.tokenizer_digest},
                      {"data", plan.train.profile.digest},
                      {"number_type", plan.machine.number_type},
                      {"weights", plan.machine.storage}};
  for (auto& [name, value] : describe(plan.settings)) {
    if (is_decisive(name)) identity.emplace_back(name, std::move(value));
  }
  return identity;
}

std::optional<std::string> identity_value(const NamedTexts& identity, const std::string& name) {
  for (const auto& [key, value] : identity) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Result<void> check_same(const SavedRun& saved, const RunPlan& plan) {
  std::string differences;
  for (const auto& [name, now] : identity_of(plan)) {
    const std::string before = identity_value(saved.identity, name).value_or("");
    if (before == now) continue;
    differences += "\n  " + name + ": was '" + before + "', is '" + now + "'";
  }
  if (differences.empty()) return {};
  return Error{ErrorCode::invalid_state,
               saved.folder.string() +
                   " cannot be continued, because what it depends on is not the same any more:" +
                   differences};
}

}  // namespace liquid::train
